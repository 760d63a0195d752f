import { EnclosError } from '@enclos/errors';
import { MAX_DATA_BYTES, MAX_MODEL_BYTES } from '../protocol/interface.ts';

/** What one model may use. */
export interface ModelLimits {
  /** Bytes of the model. Default 256 MiB. */
  readonly maxModelBytes: number;
  /** Bytes of all inputs of a run. Default 64 MiB. */
  readonly maxInputBytes: number;
  /** Bytes of all outputs of a run. Default 64 MiB. */
  readonly maxOutputBytes: number;
  /** The largest size of any dimension of an input. Default 16,777,216. */
  readonly maxDimension: number;
  /** How long a run may compute. One that takes longer costs its engine its life. Default 30,000 ms. */
  readonly maxRunMs: number;
  /** How long the model may load and warm up in an engine. Default 120,000 ms. */
  readonly maxLoadMs: number;
  /** Runs that wait for an engine. Default 64. */
  readonly maxQueued: number;
}

export const defaultModelLimits: ModelLimits = Object.freeze({
  maxModelBytes: 268_435_456,
  maxInputBytes: 67_108_864,
  maxOutputBytes: 67_108_864,
  maxDimension: 16_777_216,
  maxRunMs: 30_000,
  maxLoadMs: 120_000,
  maxQueued: 64,
});

/** Longer delays overflow timers, which then fire at once. */
export const MAX_TIMER_MS = 0x7fff_ffff;

const largest: ModelLimits = {
  maxModelBytes: MAX_MODEL_BYTES,
  maxInputBytes: MAX_DATA_BYTES,
  maxOutputBytes: MAX_DATA_BYTES,
  maxDimension: 0x7fff_ffff,
  maxRunMs: MAX_TIMER_MS,
  maxLoadMs: MAX_TIMER_MS,
  maxQueued: 65_536,
};

/** @throws ENGINE_INVALID_ARGUMENT naming the limit that is unknown or out of range. */
export function resolveModelLimits(given: Partial<ModelLimits>): ModelLimits {
  const resolved = { ...defaultModelLimits, ...given };
  for (const [name, value] of Object.entries(resolved)) {
    const most: unknown = Reflect.get(largest, name);
    if (typeof most !== 'number') invalidArgument(`A model has no limit of the name ${name}.`);
    requireInteger(`limits.${name}`, value, [1, most]);
  }
  return Object.freeze(resolved);
}

/** @throws ENGINE_INVALID_ARGUMENT unless the value is an integer in the range. */
export function requireInteger(name: string, value: number, [least, most]: readonly [number, number]): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  return invalidArgument(`${name} is not an integer from ${least} to ${most}.`);
}

export function invalidArgument(message: string): never {
  throw new EnclosError('ENGINE_INVALID_ARGUMENT', message);
}

/** @throws ENGINE_LIMIT_EXCEEDED always. */
export function limitExceeded(limit: keyof ModelLimits, message: string): never {
  throw limitError(limit, message);
}

export function limitError(limit: keyof ModelLimits, message: string): EnclosError {
  return new EnclosError('ENGINE_LIMIT_EXCEEDED', `${message} (limits.${limit}).`, { details: { limit } });
}
