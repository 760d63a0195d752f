import { isEnclosError, type EnclosError, type ErrorCode, type ErrorKind } from '@enclos/errors';
import { MAX_TIMEOUT_MS } from '@enclos/gate';
import { errorsFromEnclave } from '@enclos/tee';
import { requireRange, type OptionRange } from '../run/option-range.ts';

/** When to start a lost enclave again. */
export interface RestartPolicy {
  /** Before the first restart. Default 100. */
  readonly minDelayMs: number;
  /** Default 30000. */
  readonly maxDelayMs: number;
  /** From one delay to the next. Default 2. */
  readonly factor: number;
  /** The random part of a delay, 0 to 1, so that many hosts do not start at once. Default 0.2. */
  readonly jitter: number;
  /** An enclave that ran for this long resets the count. Default 60000. */
  readonly resetAfterMs: number;
  /** The most restarts without such a run in between, before the supervisor gives up. Default 10. */
  readonly maxRestarts: number;
}

const defaults: RestartPolicy = Object.freeze({
  minDelayMs: 100,
  maxDelayMs: 30_000,
  factor: 2,
  jitter: 0.2,
  resetAfterMs: 60_000,
  maxRestarts: 10,
});

const bounds: Readonly<Record<keyof RestartPolicy, OptionRange>> = {
  minDelayMs: { min: 0, max: MAX_TIMEOUT_MS },
  maxDelayMs: { min: 0, max: MAX_TIMEOUT_MS },
  factor: { min: 1, max: 100 },
  jitter: { min: 0, max: 1 },
  resetAfterMs: { min: 0, max: Number.MAX_SAFE_INTEGER },
  maxRestarts: { min: 0, max: Infinity },
};

/** @throws HOST_OPTION_INVALID naming the option that is out of range. */
export function resolvePolicy(given: Partial<RestartPolicy> = {}): RestartPolicy {
  const policy = Object.freeze({ ...defaults, ...given });
  for (const [name, range] of Object.entries(bounds)) {
    // The keys of `bounds` are the keys of RestartPolicy, by its type.
    requireRange(`restart.${name}`, policy[name as keyof RestartPolicy], range);
  }
  return policy;
}

/**
 * @param failures restarts since the enclave last ran for long enough
 * @param chance 0 to 1
 */
export function delayBefore(policy: RestartPolicy, failures: number, chance: number): number {
  const { minDelayMs, maxDelayMs, factor, jitter } = policy;
  const delayMs = Math.min(maxDelayMs, minDelayMs * factor ** failures);
  return Math.round(delayMs * (1 - jitter * chance));
}

const lastingKinds: ReadonlySet<ErrorKind> = new Set(['usage', 'evidence', 'policy', 'refused']);
/** An application's own failure to start may not recur, whatever its kind. */
const fromApplication: ReadonlySet<ErrorCode> = new Set([...errorsFromEnclave, 'GATE_REMOTE_ERROR']);

/** True for a failure that the next load would have too. */
export function isLasting(error: unknown): error is EnclosError {
  return isEnclosError(error) && lastingKinds.has(error.kind) && !fromApplication.has(error.code);
}
