import { chmod, chown } from 'node:fs/promises';
import type { Server } from 'node:net';
import { EnclosError } from '@enclos/errors';
import { isDiskError, storageFailed } from '../storage-error.ts';

/** sun_path has 108 bytes, one of them for the end (unix(7)). */
const maxPathBytes = 107;

/** One user, or everybody who can reach the folder. */
export type SocketAccess = number | 'by-folder';

/**
 * Listens on a Unix socket that from its first moment one user alone can
 * connect to. Connecting takes the permission to write (unix(7)).
 * @param access who, beside root; the user of this process unless told.
 * @throws PLATFORM_SOCKET_REFUSED, PLATFORM_STORAGE_FAILED
 */
export async function listenPrivately(server: Server, path: string, access?: SocketAccess): Promise<void> {
  if (Buffer.byteLength(path) > maxPathBytes) {
    throw new EnclosError('PLATFORM_SOCKET_REFUSED', `A socket's path has at most ${maxPathBytes} bytes: ${path}.`);
  }
  await startListening(server, path).catch((cause: unknown) => {
    if (isDiskError(cause)) throw storageFailed(path, cause);
    throw new EnclosError('PLATFORM_SOCKET_REFUSED', `The platform cannot listen at ${path}.`, { cause });
  });
  await chmod(path, access === 'by-folder' ? 0o666 : 0o600);
  if (typeof access === 'number') await chown(path, access, 0);
}

function startListening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // The socket appears before `listen` returns. The mask is of the whole process, and what else is made meanwhile
    // becomes more private, not less.
    const mask = process.umask(0o077);
    try {
      server.listen(path, () => {
        server.off('error', reject);
        resolve();
      });
    } finally {
      process.umask(mask);
    }
  });
}
