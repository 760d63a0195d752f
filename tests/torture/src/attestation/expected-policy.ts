/** How long a replica may go by a state that was replaced: a second, and what a loaded machine adds to it. */
const staleMs = 2000;

/** What a call can see of one policy: the text of one that was set, or nothing for the default. */
export type Seen = string | undefined;

interface Candidate {
  readonly policy: Seen;
  /** When it was sent. */
  readonly fromMs: number;
  /** When a later change was acknowledged. */
  untilMs: number;
}

/**
 * What one policy may be, by what its one manager asked for and heard. A change that failed may have been made, until
 * the next one is acknowledged.
 */
export interface ExpectedPolicy {
  /** A change is sent: from now on it may be there. */
  sent(policy: Seen): Sent;
  /** Undefined when a call that was made in this time may have seen it; else what is wrong. */
  problem(seen: Seen, during: { readonly startedMs: number; readonly isFresh: boolean }): string | undefined;
  /** How many changes were acknowledged. */
  readonly acknowledged: number;
}

export interface Sent {
  acknowledged(): void;
  /** It was refused, and not made. */
  refused(): void;
}

/** @param nowMs of a clock that does not jump. */
export function expectPolicy(nowMs: () => number): ExpectedPolicy {
  let candidates: Candidate[] = [{ policy: undefined, fromMs: nowMs(), untilMs: Number.POSITIVE_INFINITY }];
  let acknowledged = 0;
  return {
    get acknowledged() {
      return acknowledged;
    },
    sent(policy) {
      const own: Candidate = { policy, fromMs: nowMs(), untilMs: Number.POSITIVE_INFINITY };
      candidates.push(own);
      return {
        acknowledged() {
          acknowledged += 1;
          const now = nowMs();
          for (const other of candidates) if (other !== own) other.untilMs = Math.min(other.untilMs, now);
          // What is older than any call that could still be under way.
          candidates = candidates.filter(({ untilMs }) => now - untilMs < 120_000);
        },
        refused() {
          candidates = candidates.filter((other) => other !== own);
        },
      };
    },
    problem(seen, { startedMs, isFresh }) {
      const slackMs = isFresh ? 0 : staleMs;
      const known = candidates.filter(({ policy }) => policy === seen);
      if (known.length === 0) return `a policy that was never set, or long ago: ${seen}`;
      if (known.some(({ untilMs }) => untilMs + slackMs >= startedMs)) return undefined;
      const late = startedMs - Math.max(...known.map(({ untilMs }) => untilMs));
      return `a policy that was replaced ${late.toFixed(0)} ms before the call: ${seen}`;
    },
  };
}
