import { chmod, chown } from 'node:fs/promises';
import type { Server } from 'node:net';
import { EnclosError } from '@enclos/errors';
import { listenOnSocket } from '@enclos/tee/unix-socket';
import { isDiskError, storageFailed } from '../storage-error.ts';

/** One user, or everybody who can reach the folder. */
export type SocketAccess = number | 'by-folder';

/**
 * Listens on a Unix socket that from its first moment one user alone can
 * connect to. Connecting takes the permission to write (unix(7)).
 * @param access who, beside root; the user of this process unless told.
 * @throws PLATFORM_SOCKET_REFUSED, PLATFORM_STORAGE_FAILED
 */
export async function listenPrivately(server: Server, path: string, access?: SocketAccess): Promise<void> {
  await startListening(server, path).catch((cause: unknown) => {
    if (isDiskError(cause)) throw storageFailed(path, cause);
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EnclosError('PLATFORM_SOCKET_REFUSED', `The platform cannot listen at ${path}: ${reason}.`, { cause });
  });
  await chmod(path, access === 'by-folder' ? 0o666 : 0o600);
  if (typeof access === 'number') await chown(path, access, 0);
}

function startListening(server: Server, path: string): Promise<void> {
  // The socket appears before the promise is returned. The mask is of the whole process, and what else is made meanwhile
  // becomes more private, not less.
  const mask = process.umask(0o077);
  try {
    return listenOnSocket(server, path);
  } finally {
    process.umask(mask);
  }
}
