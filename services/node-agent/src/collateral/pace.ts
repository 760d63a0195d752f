import type { HeldCollateral } from './candidate.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** A file is looked at often: it costs one call of the system. */
const watchMs = 10_000;

export interface PaceState {
  readonly held: Pick<HeldCollateral, 'issuedMs' | 'endsMs'> | undefined;
  /** Failures since the last success. */
  readonly failures: number;
  readonly nowMs: number;
  /** From 0 up to 1. */
  readonly random: number;
}

/** Whether half of the lifetime is over: what a vendor issues again, and a node fetches again. */
function isOld({ held, nowMs }: PaceState): boolean {
  return held === undefined || nowMs > (held.issuedMs + held.endsMs) / 2;
}

/**
 * How long to wait for the next look at a source. A file: 10 s. A server: a day while the collateral is in the first half of its
 * lifetime (news such as a revocation spreads within a day), an hour in the second half, and after failures a minute, doubled
 * each time up to an hour, or 6 hours in the first half. A fifth of each wait is random, so that the nodes of a cluster do not ask at once.
 */
export function nextLookMs(pace: 'watch' | 'fetch', state: PaceState): number {
  if (pace === 'watch') return watchMs;
  const { failures, random } = state;
  const mostMs = isOld(state) ? hourMs : dayMs;
  const waitMs =
    failures === 0 ? mostMs : Math.min(minuteMs * 2 ** Math.min(failures - 1, 20), Math.min(mostMs, 6 * hourMs));
  return Math.round(waitMs * (0.8 + 0.2 * random));
}

/** The first look: at once when the collateral that was kept is missing or old, otherwise within an hour, for a cluster that starts. */
export function firstLookMs(pace: 'watch' | 'fetch', state: PaceState): number {
  return pace === 'watch' || isOld(state) ? 0 : Math.round(hourMs * state.random);
}
