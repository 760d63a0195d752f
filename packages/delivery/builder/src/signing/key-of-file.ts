import { EnclosError, isEnclosError } from '@enclos/errors';

/** Does what needs the key of a file. @throws SIGNING_KEY_INVALID naming the file, and what the work throws */
export function withKeyOf<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!isEnclosError(error, 'SIGNING_KEY_INVALID')) throw error;
    throw new EnclosError('SIGNING_KEY_INVALID', `${path}: ${error.message}`, { details: { path }, cause: error });
  }
}
