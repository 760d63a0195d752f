import { defaultCallTimeoutMs, defaultDisposeTimeoutMs, defaultStartTimeoutMs, requireRange } from '@enclos/host/life';
import { MAX_TIMEOUT_MS } from '@enclos/gate';
import type { EnclaveImage } from '@enclos/sgx-image';
import { MAX_ARENA_BYTES, MAX_THREADS } from '@enclos/sgx-stub/wire';
import type { SgxLaunchRequest } from '@enclos/tee';
import type { SgxLaunchOptions } from './options.ts';

const PAGE_BYTES = 4096;
const DEFAULT_STACK_BYTES = 1024 * 1024;
const DEFAULT_HEAP_BYTES = 32 * 1024 * 1024;

/** What of an enclave's process is not in its image. */
export interface LaunchShape extends Pick<SgxLaunchRequest, 'threads' | 'arenaBytes' | 'fastExit'> {
  readonly stackBytes: number;
}

/** @throws HOST_OPTION_INVALID */
export function shapeOf(options: SgxLaunchOptions, image: EnclaveImage): LaunchShape {
  const most = Math.min(image.threads, MAX_THREADS);
  const threads = options.threads ?? most;
  requireRange('threads', threads, { min: 1, max: most });
  const stackBytes = options.stackBytes ?? DEFAULT_STACK_BYTES;
  requireRange('stackBytes', stackBytes, { min: PAGE_BYTES, max: MAX_ARENA_BYTES });
  const stacksBytes = threads * stackBytes;
  const arenaBytes = options.arenaBytes ?? Math.min(MAX_ARENA_BYTES, stacksBytes + DEFAULT_HEAP_BYTES);
  requireRange('arenaBytes', arenaBytes, { min: stacksBytes + PAGE_BYTES, max: MAX_ARENA_BYTES });
  for (const [name, value] of Object.entries({ threads, stackBytes, arenaBytes })) {
    const isWhole = Number.isInteger(value) && (name === 'threads' || value % PAGE_BYTES === 0);
    // Out of its range, so that the text says what it may be.
    if (!isWhole) requireRange(name, Number.NaN, { min: PAGE_BYTES, max: MAX_ARENA_BYTES });
  }
  return { threads, stackBytes, arenaBytes, fastExit: options.fastExit ?? false };
}

/** The bounds of time of a load. @throws HOST_OPTION_INVALID */
export function timeoutsOf(options: {
  readonly startTimeoutMs?: number | undefined;
  readonly callTimeoutMs?: number | undefined;
  readonly disposeTimeoutMs?: number | undefined;
}) {
  const {
    startTimeoutMs = defaultStartTimeoutMs,
    callTimeoutMs = defaultCallTimeoutMs,
    disposeTimeoutMs = defaultDisposeTimeoutMs,
  } = options;
  for (const [name, value] of Object.entries({ startTimeoutMs, callTimeoutMs, disposeTimeoutMs })) {
    requireRange(name, value, { min: 1, max: MAX_TIMEOUT_MS, orInfinity: name !== 'startTimeoutMs' });
  }
  return { startTimeoutMs, callTimeoutMs, disposeTimeoutMs };
}
