import { EnclosError, isEnclosError, type ErrorCode, type ErrorKind } from '@enclos/errors';
import { errorsFromEnclave } from '@enclos/tee';

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

/** Longer delays overflow the timers of Node, which then fire at once. */
const maxTimerMs = 0x7fff_ffff;

const bounds: Readonly<Record<keyof RestartPolicy, readonly [min: number, max: number]>> = {
  minDelayMs: [0, maxTimerMs],
  maxDelayMs: [0, maxTimerMs],
  factor: [1, 100],
  jitter: [0, 1],
  resetAfterMs: [0, Number.MAX_SAFE_INTEGER],
  maxRestarts: [0, Infinity],
};

/** @throws HOST_OPTION_INVALID naming the option that is out of range. */
export function resolvePolicy(given: Partial<RestartPolicy> = {}): RestartPolicy {
  const policy = Object.freeze({ ...defaults, ...given });
  for (const [name, [min, max]] of Object.entries(bounds)) {
    // The keys of `bounds` are the keys of RestartPolicy, by its type.
    requireRange(`restart.${name}`, policy[name as keyof RestartPolicy], [min, max]);
  }
  return policy;
}

/** Written so that NaN is refused. @throws HOST_OPTION_INVALID */
export function requireRange(name: string, value: number, [min, max]: readonly [min: number, max: number]): void {
  if (value >= min && value <= max) return;
  throw new EnclosError('HOST_OPTION_INVALID', `${name} is not a number from ${min} to ${max}.`);
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
