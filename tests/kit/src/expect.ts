import { isEnclosError, type ErrorCode } from '@enclos/errors';

/** For assert.rejects and assert.throws: this code and no other. */
export function refusedWith(...codes: readonly ErrorCode[]): (error: unknown) => boolean {
  return (error) => isEnclosError(error) && codes.includes(error.code);
}

/** What came of a promise, in a word: the code it was refused with, or `accepted`. Another error is thrown on. */
export async function outcome(attempt: Promise<unknown>): Promise<ErrorCode | 'accepted'> {
  try {
    await attempt;
    return 'accepted';
  } catch (error) {
    if (isEnclosError(error)) return error.code;
    throw error;
  }
}

/**
 * The same, but for a code that the other side used and may not use here: the
 * gate gives it as GATE_REMOTE_ERROR, with the code as a detail.
 */
export async function foreignOutcome(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
    return 'accepted';
  } catch (error) {
    if (isEnclosError(error, 'GATE_REMOTE_ERROR')) return String(error.details['remoteCode']);
    throw error;
  }
}
