import { EnclosError, isEnclosError } from '@enclos/errors';

/** @throws CLI_USAGE always. `usage` is the one line that would have helped. */
export function refuseUsage(message: string, usage?: string): never {
  throw new EnclosError('CLI_USAGE', message, usage === undefined ? {} : { details: { usage } });
}

/** For a policy without anything that ties the evidence to its use. */
export const bindingWanted =
  '--policy needs one binding: --report-data HEX, or --purpose TEXT --nonce HEX [--key HEX], or --unbound REASON; for a vTPM --nonce HEX alone will do.';

/** Whatever was thrown, as an error with a code. */
export function toEnclosError(error: unknown): EnclosError {
  if (isEnclosError(error)) return error;
  if (isSystemError(error)) {
    return new EnclosError('CLI_SYSTEM_REFUSED', `${error.message}.`, { cause: error });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new EnclosError('CLI_UNEXPECTED', message === '' ? undefined : message, { cause: error });
}

/** Errors of system calls carry the number as well as a code like EACCES; Node's own have a code only. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'errno' in error && 'syscall' in error;
}
