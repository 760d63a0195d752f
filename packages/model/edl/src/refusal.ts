import { EnclosError } from '@enclos/errors';

/**
 * Why a value was refused; it unwinds to `encodeValue` or `decodeValue`.
 *
 * The path is built while this unwinds, so that accepted values never pay for it. It is not an Error: a hostile peer must not
 * make us capture stacks.
 */
export class Refusal {
  readonly problem: string;
  path = '';

  constructor(problem: string) {
    this.problem = problem;
  }
}

/** `problem` names bounds and sizes, never the value. */
export function refuse(problem: string): never {
  throw within(new Refusal(problem), '');
}

/** Adds the enclosing field or index to a refusal; other errors pass unchanged. */
export function within(error: unknown, segment: string): unknown {
  if (error instanceof Refusal) error.path = segment + error.path;
  return error;
}

/** The public error of a refusal; other errors (a throwing getter) pass unchanged. */
export function publicError(error: unknown, root: string): unknown {
  if (!(error instanceof Refusal)) return error;
  const path = root + error.path;
  return new EnclosError('EDL_VALUE_REFUSED', `${path}: ${error.problem}.`, { details: { path } });
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
