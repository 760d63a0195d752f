import './software/platform-errors.ts';
import { systemReason } from '@enclos/diagnostics';
import { EnclosError } from '@enclos/errors';

/** An error of the operating system about a file of the platform, as an error with a code; any other error is unchanged. */
export function storageFailed(path: string, error: unknown): Error {
  const isSystemError = error instanceof Error && 'errno' in error && 'syscall' in error && 'code' in error;
  if (!isSystemError) return error instanceof Error ? error : new Error(String(error), { cause: error });
  const reason = String(error.code);
  // What is missing is the folder that the file would be in.
  const words = reason === 'ENOENT' ? 'its folder is not there' : systemReason(reason);
  const why = words === undefined ? reason : `${words} (${reason})`;
  return new EnclosError('PLATFORM_STORAGE_FAILED', `${path} could not be written: ${why}.`, {
    details: { path, reason },
    cause: error,
  });
}
