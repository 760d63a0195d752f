import { isEnclosError } from '@enclos/errors';
import { ChangedReason } from '../changed-reason.ts';

/** What passes by itself is tried again after so long, and then after twice as long. */
const firstWaitMs = 250;
/** A service that is back shows within this time. */
const longestWaitMs = 500;
/** And within this one for those that wait for it. */
const wantedWaitMs = 100;
/** What does not pass by itself may be mended by the operator. */
const longestRefusedWaitMs = 60_000;

interface Attempt {
  readonly reason: ChangedReason;
  timer: NodeJS.Timeout | undefined;
  /** Brings the next attempt forward, while it waits for what passes by itself. */
  hurry: (() => void) | undefined;
}

/** Work that is tried until it succeeds or is ended, each kind by its name. */
export class Attempts {
  readonly #underWay = new Map<string, Attempt>();

  /** The code of the error that the last attempt ended with. */
  reasonFor(name: string): string | undefined {
    return this.#underWay.get(name)?.reason.code;
  }

  /**
   * Begins, unless it has begun.
   * @param failed hears of an attempt that failed for another reason than the one before.
   */
  begin(name: string, work: () => Promise<void>, failed: (error: unknown) => void): void {
    if (this.#underWay.has(name)) return;
    const attempt: Attempt = { reason: new ChangedReason(), timer: undefined, hurry: undefined };
    this.#underWay.set(name, attempt);
    this.#try({ name, work, failed, attempt }, firstWaitMs);
  }

  /** Someone waits for it: what passes by itself is tried again soon. */
  want(name: string): void {
    this.#underWay.get(name)?.hurry?.();
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
    const { name, work, failed, attempt } = begun;
    const isUnderWay = (): boolean => this.#underWay.get(name) === attempt;
    work().then(
      () => {
        if (isUnderWay()) this.end(name);
      },
      (error: unknown) => {
        if (!isUnderWay()) return;
        if (attempt.reason.take(error)) failed(error);
        const doesPass = isEnclosError(error) && error.kind === 'transient';
        const most = doesPass ? longestWaitMs : longestRefusedWaitMs;
        const tryIn = (ms: number): void => {
          clearTimeout(attempt.timer);
          attempt.timer = setTimeout(() => {
            attempt.hurry = undefined;
            this.#try(begun, Math.min(2 * waitMs, most));
          }, ms);
          attempt.timer.unref();
        };
        tryIn(Math.min(waitMs, most));
        if (!doesPass) return;
        attempt.hurry = () => {
          // Once: many that wait must not put it off.
          attempt.hurry = undefined;
          tryIn(wantedWaitMs);
        };
      },
    );
  }
}

interface BegunWork {
  readonly name: string;
  readonly work: () => Promise<void>;
  readonly failed: (error: unknown) => void;
  readonly attempt: Attempt;
}
