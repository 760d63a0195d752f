import { realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EnclosError } from '@enclos/errors';

export interface RootOnlyOptions {
  /** Whether other users must be able to pass through to its contents. */
  readonly passable?: boolean;
}

/**
 * Checks that only root can replace this file or folder: it and everything above it belong to root, and no other user may write
 * there, except, above it, into a folder that keeps the entries of users apart (the sticky bit, as on /tmp).
 *
 * @returns the path without symbolic links: callers must use this path, because it is the one that was checked.
 * @throws PLATFORM_SEPARATION_UNAVAILABLE
 */
export async function requireRootOnly(path: string, options: RootOnlyOptions = {}): Promise<string> {
  const real = await realpath(path).catch(() => {
    throw unavailable(`${path} is not there.`);
  });
  for (let at = real; ; at = dirname(at)) {
    const { uid, mode } = await stat(at);
    if (uid !== 0) throw unavailable(`User ${uid}, to whom ${at} belongs, could change ${path}.`);
    const isShared = (mode & 0o022) !== 0;
    const keepsApart = at !== real && (mode & 0o1000) !== 0;
    if (isShared && !keepsApart) throw unavailable(`Users other than root can write in ${at}.`);
    if (options.passable === true && (mode & 0o001) === 0) {
      throw unavailable(`Hosts and enclaves cannot pass through ${at} (chmod o+x).`);
    }
    if (at === '/') return real;
  }
}

/** @throws PLATFORM_SEPARATION_UNAVAILABLE unless root alone can read and change what is in the folder. */
export async function requireSecret(folder: string): Promise<void> {
  const real = await requireRootOnly(folder);
  const { mode } = await stat(real);
  if ((mode & 0o077) !== 0) throw unavailable(`${folder} is not root's alone (chmod 700).`);
}

function unavailable(reason: string): EnclosError {
  return new EnclosError('PLATFORM_SEPARATION_UNAVAILABLE', reason);
}
