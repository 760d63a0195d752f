import { isEnclosError, type ErrorCode } from '@enclos/errors';

/** For `assert.throws`. */
export const refused = (code: ErrorCode) => (error: unknown) => isEnclosError(error, code);
