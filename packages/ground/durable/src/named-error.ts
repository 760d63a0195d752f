import { basename } from 'node:path';
import { temporaryPrefix } from './temporary-names.ts';

/** An error of a system call, as Node has it. Calls on an open file name no path; a call with two paths names the first. */
type SystemError = Error & { readonly code: string; path?: string; dest?: string };

/**
 * Does work whose errors of the file system name the file that callers know: a full disk is noticed by a call that names none, and
 * other calls name the temporary file.
 * @param path the file, or the folder of a file whose name is not known yet
 */
export async function naming<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isSystemError(error)) name(error, path);
    throw error;
  }
}

/** Changes the error in place: its stack stays that of the call. */
function name(error: SystemError, path: string): void {
  const { path: found, dest } = error;
  const named = [found, dest].find((each) => each !== undefined && isTemporary(each));
  if (found !== undefined && named === undefined) return;
  if (named === undefined) error.message += ` '${path}'`;
  else error.message = error.message.replaceAll(named, path);
  // The source of a copy can be read, or its error would name nothing else.
  if (found === undefined || found === named || isDiskError(error)) error.path = path;
  if (dest === named && named !== undefined) error.dest = path;
}

function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && /^E[A-Z0-9]+$/.test(error.code);
}

/** Also a folder that is being made, and what is in one. */
function isTemporary(path: string): boolean {
  return basename(path).startsWith(temporaryPrefix) || /\/\.[^/]+\.making-[0-9a-f]{16}(?:\/|$)/.test(path);
}

const ofTheDisk: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'EROFS']);

/** Whether an error of the file system is about the disk, and not about the path or the user. */
export function isDiskError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ofTheDisk.has(error.code);
}
