import { EnclosError } from '@enclos/errors';

/** A call that must end when the call it is nested in ends. */
export interface Dependent {
  end(error: Error): void;
}

/** The calls nested in one call. Most calls have none, so nothing is allocated before the first. */
export class Dependents {
  #members: Set<Dependent> | undefined;

  get size(): number {
    return this.#members?.size ?? 0;
  }

  add(dependent: Dependent): void {
    this.#members ??= new Set();
    this.#members.add(dependent);
  }

  delete(dependent: Dependent): void {
    this.#members?.delete(dependent);
  }

  /** Forgets them: the gate is closing, and they get their own reason. */
  clear(): void {
    this.#members = undefined;
  }

  endAll(error: () => Error): void {
    const members = this.#members;
    if (members === undefined) return;
    this.#members = undefined;
    for (const member of members) member.end(error());
  }
}

/** The incoming call that an outgoing one is nested in. */
export interface ParentCall {
  readonly id: number;
  readonly depth: number;
  /** False once it is answered: no call may be nested in it any more. */
  readonly isOpen: boolean;
  readonly dependents: Dependents;
}

export function callCancelled(cause?: unknown): EnclosError<'GATE_CANCELLED'> {
  return new EnclosError('GATE_CANCELLED', 'The call was cancelled.', { cause });
}

export function parentOver(): EnclosError<'GATE_CANCELLED'> {
  return new EnclosError(
    'GATE_CANCELLED',
    'The call that this one belongs to is over. Perhaps it did not await this one.',
  );
}

export function deadlinePassed(timeoutMs: number): EnclosError<'GATE_DEADLINE'> {
  return new EnclosError('GATE_DEADLINE', `The call did not finish within ${timeoutMs} ms.`, {
    details: { timeoutMs },
  });
}

export function depthExceeded(maxDepth: number): EnclosError<'GATE_DEPTH_EXCEEDED'> {
  return new EnclosError('GATE_DEPTH_EXCEEDED', `Calls are nested more than ${maxDepth} deep.`, {
    details: { maxDepth },
  });
}
