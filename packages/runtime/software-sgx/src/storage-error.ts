import { EnclosError } from '@enclos/errors';

/** An error of the operating system about a file of the platform, as an error with a code; any other error is unchanged. */
export function storageFailed(path: string, error: unknown): Error {
  const isSystemError = error instanceof Error && 'errno' in error && 'syscall' in error && 'code' in error;
  if (!isSystemError) return error instanceof Error ? error : new Error(String(error), { cause: error });
  const reason = String(error.code);
  return new EnclosError('PLATFORM_STORAGE_FAILED', `${path} could not be written: ${reasons[reason] ?? reason}.`, {
    details: { path, reason },
    cause: error,
  });
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full (ENOSPC)',
  EDQUOT: "the user's quota is used up (EDQUOT)",
  EFBIG: 'the file would be larger than this process may write (EFBIG)',
  EROFS: 'the file system is read-only (EROFS)',
  EACCES: 'this user may not write there (EACCES)',
  EPERM: 'this user may not write there (EPERM)',
  EEXIST: 'a file or a folder is there already (EEXIST)',
  ENOENT: 'the folder that it would be in is not there (ENOENT)',
  ENOTDIR: 'a part of the path is a file, and not a folder (ENOTDIR)',
};

const ofTheDisk = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'EROFS']);

/** Whether an error is about the disk, and not about the path or the user. */
export function isDiskError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && ofTheDisk.has(error.code);
}
