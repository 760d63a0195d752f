import { Turns } from '@enclos/bounded';
import { EnclosError } from '@enclos/errors';
import { createWatchers, type Watchers } from './watched.ts';

/** Not a fault: the platform is being opened, or the agent ends. */
export const notThere = new EnclosError('AGENT_DEVICE_UNHEALTHY', 'The platform is not there.');

export interface ConditionEvents {
  /** Told once for each reason: it comes again at each look. */
  readonly failed: (error: unknown) => void;
  /** After a fault. */
  readonly recovered: () => void;
}

/** Whether devices work, and why not. */
export interface Condition extends Pick<Watchers, 'watch'> {
  readonly problem: () => unknown;
  /** @param problem undefined when they work */
  readonly set: (problem: unknown) => void;
}

/** Begins as {@link notThere}. */
export function createCondition({ failed, recovered }: ConditionEvents): Condition {
  const watchers = createWatchers();
  let problem: unknown = notThere;
  return Object.freeze({
    watch: watchers.watch,
    problem: () => problem,
    set(found: unknown) {
      const before = problem;
      problem = found;
      if (found !== undefined && found !== notThere && codeOf(found) !== codeOf(before)) failed(found);
      if (found === undefined && before !== undefined && before !== notThere) recovered();
      if ((found === undefined) !== (before === undefined)) watchers.tell();
    },
  });
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : error;
}

/** One piece of work at a time, which knows how long the oldest has been waiting or running. */
export class TimedTurns {
  readonly #turns = new Turns();
  readonly #since = new Set<{ readonly atMs: number }>();

  /** @returns what the work returns or throws */
  async take<T>(work: () => Promise<T>): Promise<T> {
    const since = { atMs: performance.now() };
    this.#since.add(since);
    try {
      return await this.#turns.take(work);
    } finally {
      this.#since.delete(since);
    }
  }

  /** @throws AGENT_TOO_SLOW when a piece of work has been in progress for longer. */
  requireProgress(limitMs: number): void {
    // A Set keeps the order of insertion.
    const [oldest] = this.#since;
    if (oldest !== undefined && performance.now() - oldest.atMs > limitMs) {
      throw new EnclosError('AGENT_TOO_SLOW', 'An allocation has not ended.');
    }
  }
}
