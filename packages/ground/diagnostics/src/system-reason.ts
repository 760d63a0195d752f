const reasons: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'this user has no permission'],
  ['EADDRINUSE', 'another program listens there already'],
  ['EADDRNOTAVAIL', 'this machine has no such address'],
  ['EAI_AGAIN', 'its name cannot be looked up at the moment'],
  ['EBUSY', 'it is in use'],
  ['ECONNREFUSED', 'no program listens there'],
  ['EDQUOT', "this user's share of the disk is used up"],
  ['EEXIST', 'it exists already'],
  ['EFBIG', 'the file would be larger than this process may write'],
  ['EHOSTUNREACH', 'no route leads there'],
  ['EIO', 'the disk reports an error'],
  ['EISDIR', 'it is a folder'],
  ['ELOOP', 'symbolic links lead in a circle'],
  ['EMFILE', 'this process has too many open files'],
  ['ENAMETOOLONG', 'the path is too long'],
  ['ENETUNREACH', 'no route leads there'],
  ['ENOENT', 'there is no such file'],
  ['ENOSPC', 'the disk is full'],
  ['ENOTDIR', 'part of the path is not a folder'],
  ['ENOTEMPTY', 'the folder is not empty'],
  ['ENOTFOUND', 'no host has this name'],
  ['EPERM', 'the system does not permit it'],
  ['EROFS', 'the file system is read-only'],
  ['ETIMEDOUT', 'it does not answer'],
]);

/**
 * The reason of a system error in words, by its code (errno(3), and `ENOTFOUND` of Node).
 * @param failure the code, or the error that has it
 * @returns undefined for anything without words here
 */
export function systemReason(failure: unknown): string | undefined {
  const code = typeof failure === 'string' ? failure : codeOf(failure);
  return code === undefined ? undefined : reasons.get(code);
}

/** Why something cannot be read: in words, or by its code where there are none. */
export function unreadableReason(failure: unknown): string {
  return systemReason(failure) ?? codeOf(failure) ?? 'it cannot be read';
}

/** Why a server does not listen, in words: of an error of listening, at an address or on a Unix socket. */
export function listenRefusal(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  // An error of the system has a number. An error without one is ours, and its message says more.
  const code = 'errno' in cause && 'code' in cause ? cause.code : undefined;
  return code === 'ENOENT' ? 'its folder is not there' : (systemReason(code) ?? cause.message);
}

function codeOf(failure: unknown): string | undefined {
  return failure instanceof Error && 'code' in failure ? String(failure.code) : undefined;
}
