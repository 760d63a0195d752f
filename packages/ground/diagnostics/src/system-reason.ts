const reasons: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'this user has no permission'],
  ['EADDRINUSE', 'another program already listens there'],
  ['EADDRNOTAVAIL', 'this machine does not have that address'],
  ['ECONNREFUSED', 'no program listens there'],
  ['EEXIST', 'it exists already'],
  ['EISDIR', 'it is a folder'],
  ['ENOENT', 'there is no such file'],
  ['ENOSPC', 'the disk is full'],
  ['ENOTDIR', 'part of the path is not a folder'],
  ['EPERM', 'the system does not permit it'],
  ['EROFS', 'the file system is read-only'],
]);

/** The reason of a system error in words, by its code (errno(3)). Undefined for a code without words here. */
export function systemReason(code: string | undefined): string | undefined {
  return code === undefined ? undefined : reasons.get(code);
}
