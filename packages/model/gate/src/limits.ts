import { EnclosError } from '@enclos/errors';
import { MAX_FRAME_LIMIT_BYTES, MIN_FRAME_LIMIT_BYTES } from './frame/frames.ts';

/** Longer delays overflow the timers of Node and browsers, which then fire at once. */
export const MAX_TIMEOUT_MS = 0x7fff_ffff;

/**
 * What one side of a gate grants the other. With these the memory that a peer
 * can occupy is at most
 * `maxFrameBytes * (1 + 2 * (maxConcurrentCalls + maxConcurrentSystemCalls) * maxDepth) + maxQueuedBytes`
 * for its calls and their answers, and `maxFrameBytes * (maxPendingCalls + maxPendingSystemCalls)` for calls of ours that it
 * does not read. Each stream adds `STREAM_WINDOW_BYTES` in each direction.
 */
export interface GateLimits {
  /** Largest frame, header included: 4182 bytes to 1 GiB. Both sides use the same value. */
  readonly maxFrameBytes: number;
  /** Incoming calls of application functions that run at once, at each depth of nesting. */
  readonly maxConcurrentCalls: number;
  /** The same for system functions, so that neither table can take the other's slots. Default: the same number. */
  readonly maxConcurrentSystemCalls?: number;
  /** Incoming calls that wait for their turn, at all depths together. Further calls get GATE_BUSY. */
  readonly maxQueuedCalls: number;
  /**
   * Bytes of arguments of the waiting incoming calls, at all depths together. Further calls get GATE_BUSY, as does a call with
   * more than this that finds no free slot. Default 64 MiB.
   */
  readonly maxQueuedBytes?: number;
  /**
   * Our own calls of application functions that the peer has not answered; cancelled calls count until it does. Further calls
   * get GATE_BUSY.
   */
  readonly maxPendingCalls: number;
  /** The same for system functions, so that neither table can take the other's room. Default: the same number. */
  readonly maxPendingSystemCalls?: number;
  /** How deeply calls may nest: 1 allows no calls back, 3 allows ECALL, OCALL, ECALL. */
  readonly maxDepth: number;
  /** How long the peer may take to send its greeting. */
  readonly helloTimeoutMs: number;
  /** How long the peer may take to finish a frame that it began. Default 30000. */
  readonly frameTimeoutMs?: number;
  /** How long an orderly close may take before the transport is destroyed. Default 2000. */
  readonly closeTimeoutMs?: number;
}

/** The timers of the platform, injectable for tests. */
export interface Timers {
  setTimeout(callback: () => void, delayMs: number): unknown;
  clearTimeout(handle: unknown): void;
}

export const systemTimers: Timers = {
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
  // Only handles that the function above returned come back here.
  clearTimeout: (handle) => clearTimeout(handle as NodeJS.Timeout),
};

/** For a peer that a debugger may pause at any moment: it may take as long as a timer can wait, 24 days. */
export const patientLimits = Object.freeze({ helloTimeoutMs: MAX_TIMEOUT_MS, frameTimeoutMs: MAX_TIMEOUT_MS });

const bounds: Readonly<Record<keyof GateLimits, readonly [min: number, max: number]>> = {
  maxFrameBytes: [MIN_FRAME_LIMIT_BYTES, MAX_FRAME_LIMIT_BYTES],
  maxConcurrentCalls: [1, 65_536],
  maxConcurrentSystemCalls: [1, 65_536],
  maxQueuedCalls: [0, 1_048_576],
  maxQueuedBytes: [0, 2 ** 40],
  maxPendingCalls: [1, 1_048_576],
  maxPendingSystemCalls: [1, 1_048_576],
  maxDepth: [1, 64],
  helloTimeoutMs: [1, MAX_TIMEOUT_MS],
  frameTimeoutMs: [1, MAX_TIMEOUT_MS],
  closeTimeoutMs: [1, MAX_TIMEOUT_MS],
};

const defaultLimits = Object.freeze({
  maxQueuedBytes: 64 * 1024 * 1024,
  frameTimeoutMs: 30_000,
  closeTimeoutMs: 2_000,
});

/** @throws GATE_INVALID_ARGUMENT naming the limit that is out of range. */
export function resolveLimits(limits: GateLimits): Required<GateLimits> {
  const resolved = Object.freeze({
    ...defaultLimits,
    maxConcurrentSystemCalls: limits.maxConcurrentCalls,
    maxPendingSystemCalls: limits.maxPendingCalls,
    ...limits,
  });
  for (const [name, [min, max]] of Object.entries(bounds)) {
    // The keys of `bounds` are the keys of GateLimits, by its type.
    const value = resolved[name as keyof GateLimits];
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new EnclosError('GATE_INVALID_ARGUMENT', `${name} is not an integer from ${min} to ${max}.`);
    }
  }
  return resolved;
}
