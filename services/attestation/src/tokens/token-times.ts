/** Clocks of verifiers may be slow: a token up to two minutes early is not refused. */
const backdatedSeconds = 120;

/** `iat`, `nbf` and `exp`, in seconds since 1970. */
export interface TokenTimes {
  readonly iat: number;
  readonly nbf: number;
  readonly exp: number;
}

/** A token is good from two minutes ago until `validityMinutes` from now. */
export function tokenTimes(nowMs: number, validityMinutes: number): TokenTimes {
  const now = Math.floor(nowMs / 1000);
  const since = now - backdatedSeconds;
  return { iat: since, nbf: since, exp: now + validityMinutes * 60 };
}

/** What was asked for, as whole minutes from 1 to the maximum. */
export function boundedValidity(asked: number, maximumMinutes: number): number {
  return Math.min(Math.max(Math.floor(asked), 1), maximumMinutes);
}
