import { EnclosError, isEnclosError } from '@enclos/errors';

/**
 * The error of a call of the command line, so that its message names the call, and what a handler of the user threw: the enclave learns only
 * that its OCALL failed, and many end when one does.
 */
export function callFailure(call: string, error: unknown): unknown {
  if (!isEnclosError(error)) return error;
  const { code, message, details, next, cause } = error;
  const named = message.startsWith(call) || message.includes(`${call}(`) ? message : `${call}: ${message}`;
  const why = cause instanceof Error ? ` An OCALL had failed: ${cause.message}` : '';
  if (named === message && why === '') return error;
  return new EnclosError(code, `${named}${why}`, { details, next, cause });
}
