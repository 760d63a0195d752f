import { setImmediate as turn } from 'node:timers/promises';
import { isEnclosError } from '@enclos/errors';
import { requireRange } from '../run/option-range.ts';
import type { RunningEnclave } from '../run/running-enclave.ts';
import type { RepeatOptions } from './supervision.ts';

const defaultAttempts = 5;

/**
 * @param next resolves with the enclave that runs, as soon as one does. Rejects when none will.
 * @throws HOST_OPTION_INVALID, what `next` and the work throw
 */
export async function repeatWork<R>(
  next: () => Promise<RunningEnclave>,
  work: (enclave: RunningEnclave, attempt: number) => Promise<R>,
  { attempts = defaultAttempts }: RepeatOptions = {},
): Promise<R> {
  requireRange('attempts', attempts, { min: 1, max: Infinity });
  for (let attempt = 1; ; attempt += 1) {
    const enclave = await next();
    let isGone = false;
    void enclave.closed.then(() => (isGone = true));
    try {
      return await work(enclave, attempt);
    } catch (error) {
      if (attempt >= attempts || !isLoss(error)) throw error;
      // Calls may hear of the end a moment before `closed` settles.
      await turn();
      // The loss of some other enclave is the work's own affair.
      if (!isGone) throw error;
    }
  }
}

function isLoss(error: unknown): boolean {
  return isEnclosError(error, 'ENCLAVE_LOST') || isEnclosError(error, 'ENCLAVE_RESTARTING');
}
