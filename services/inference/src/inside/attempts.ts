import { isEnclosError } from '@enclos/errors';

/** What passes by itself is tried again after so long, and then after twice as long. */
const firstWaitMs = 250;
/** A service that is back shows within this time. */
const longestWaitMs = 500;
/** What does not pass by itself may be mended by the operator. */
const longestRefusedWaitMs = 60_000;

interface Attempt {
  reason: string | undefined;
  timer: NodeJS.Timeout | undefined;
}

/** Work that is tried until it succeeds or is ended, each kind by its name. */
export class Attempts {
  readonly #onFault: (error: unknown) => void;
  readonly #underWay = new Map<string, Attempt>();

  /** @param onFault hears of an attempt that failed for another reason than the one before. */
  constructor(onFault: (error: unknown) => void) {
    this.#onFault = onFault;
  }

  /** The code of the error that the last attempt ended with. */
  reasonFor(name: string): string | undefined {
    return this.#underWay.get(name)?.reason;
  }

  /** Begins, unless it has begun. */
  begin(name: string, work: () => Promise<void>): void {
    if (this.#underWay.has(name)) return;
    const attempt: Attempt = { reason: undefined, timer: undefined };
    this.#underWay.set(name, attempt);
    this.#try({ name, work, attempt }, firstWaitMs);
  }

  end(name: string): void {
    clearTimeout(this.#underWay.get(name)?.timer);
    this.#underWay.delete(name);
  }

  close(): void {
    // What is ended while a map is walked through is left out of the walk.
    for (const name of this.#underWay.keys()) this.end(name);
  }

  #try(begun: BegunWork, waitMs: number): void {
    const { name, work, attempt } = begun;
    const isUnderWay = (): boolean => this.#underWay.get(name) === attempt;
    work().then(
      () => {
        if (isUnderWay()) this.end(name);
      },
      (error: unknown) => {
        if (!isUnderWay()) return;
        const reason = isEnclosError(error) ? error.code : 'an unexpected error';
        if (reason !== attempt.reason) this.#onFault(error);
        attempt.reason = reason;
        const most = isEnclosError(error) && error.kind === 'transient' ? longestWaitMs : longestRefusedWaitMs;
        const nextMs = Math.min(2 * waitMs, most);
        attempt.timer = setTimeout(() => this.#try(begun, nextMs), Math.min(waitMs, most));
        attempt.timer.unref();
      },
    );
  }
}

interface BegunWork {
  readonly name: string;
  readonly work: () => Promise<void>;
  readonly attempt: Attempt;
}
