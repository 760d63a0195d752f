import { isEnclosError } from '@enclos/errors';

/** What a reader gives; undefined for bytes that it refuses. Other errors pass. */
export function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return undefined;
  }
}
