import { setTimeout as pause } from 'node:timers/promises';
import { EnclosError, isEnclosError } from '@enclos/errors';

/** How long to wait for a platform that does not answer, as while the node agent is replaced. */
export interface Patience {
  /** From the first attempt to the last one. Default 0: one attempt. */
  readonly waitMs?: number | undefined;
  /** Called once, before the wait, with the reason of the first failure. */
  readonly waiting?: ((reason: EnclosError, waitMs: number) => void) | undefined;
  /** Ends the wait. */
  readonly signal?: AbortSignal | undefined;
}

/** An attempt costs the platform a look at the process that connects, so the pauses grow. */
const firstPauseMs = 50;
const longestPauseMs = 500;

/** Results of connect(2): no socket, and one without its process. Others, such as EACCES, do not pass. */
const passing: ReadonlySet<unknown> = new Set(['ENOENT', 'ECONNREFUSED', 'EAGAIN']);

/**
 * Connects, and connects again while the platform is not there or ends during the greeting.
 * @throws what `connect` throws: at once when waiting does not help, and at the end of the wait TEE_PLATFORM_UNREACHABLE
 */
export async function connectPatiently<T>(connect: () => Promise<T>, patience: Patience): Promise<T> {
  const { waitMs = 0, waiting, signal } = patience;
  const untilMs = performance.now() + waitMs;
  for (let pauseMs = firstPauseMs, tries = 1; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2), tries += 1) {
    try {
      return await connect();
    } catch (error) {
      if (waitMs === 0 || !isEnclosError(error) || !mayPass(error)) throw error;
      const leftMs = untilMs - performance.now();
      if (leftMs <= 0) throw late(error, waitMs);
      if (tries === 1) waiting?.(error, waitMs);
      // What aborts it is told by the caller's own error.
      await pause(Math.min(pauseMs, leftMs), undefined, signal === undefined ? {} : { signal }).catch(() => {
        throw error;
      });
    }
  }
}

function mayPass(error: EnclosError): boolean {
  if (isEnclosError(error, 'TEE_PLATFORM_LOST')) return true;
  return isEnclosError(error, 'TEE_PLATFORM_UNREACHABLE') && passing.has(error.details['reason']);
}

function late(error: EnclosError, waitMs: number): EnclosError {
  const message = `${error.message} It did not come within ${waitMs / 1000} s.`;
  return new EnclosError('TEE_PLATFORM_UNREACHABLE', message, { details: { ...error.details, waitMs }, cause: error });
}
