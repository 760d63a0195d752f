import { isEnclosError, type ErrorCode } from '@enclos/errors';

/** For `assert.throws`: an error with this code, and a message that the pattern finds. */
export const hasCode =
  (code: ErrorCode, pattern = /./) =>
  (error: unknown): boolean =>
    isEnclosError(error) && error.code === code && pattern.test(error.message);
