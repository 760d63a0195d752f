import type { Log } from '../log.ts';
import { codeOf } from '../tell-once.ts';

export interface RefusalsOptions {
  readonly log: Pick<Log, 'warn'>;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
}

/** At most one line in this time for each reason. */
const periodMs = 10_000;

/**
 * Logs connections that were refused. A pod can have a hundred refused in a second: a line for each would push all else
 * out of the log, which the kubelet cuts to some MiB. The metrics count every one.
 * @returns what is told of each
 */
export function logRefusals({ log, now }: RefusalsOptions): (error: unknown) => void {
  const reasons = new Map<string, { atMs: number; unsaid: number }>();
  return (error) => {
    const code = codeOf(error);
    const before = reasons.get(code);
    const atMs = now();
    if (before !== undefined && atMs - before.atMs < periodMs) {
      before.unsaid += 1;
      return;
    }
    reasons.set(code, { atMs, unsaid: 0 });
    log.warn('connection-refused', error, { unsaidBefore: before?.unsaid === 0 ? undefined : before?.unsaid });
  };
}
