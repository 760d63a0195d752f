import { chmod, chown } from 'node:fs/promises';
import type { Server } from 'node:net';
import { listenRefusal } from '@enclos/diagnostics';
import { isDiskError } from '@enclos/durable';
import { EnclosError } from '@enclos/errors';
import { listenForOwner } from '@enclos/tee/unix-socket';
import { storageFailed } from '@enclos/tee/storage';

/** One user, or every user that can reach the folder. */
export type SocketAccess = number | 'by-folder';

/**
 * Listens on a Unix socket to which, from its first moment, only one user can connect. Connecting needs write permission
 * (unix(7)).
 * @param access the users that can connect, besides root. Default: the user of this process.
 * @throws PLATFORM_SOCKET_REFUSED, PLATFORM_STORAGE_FAILED
 */
export async function listenPrivately(server: Server, path: string, access?: SocketAccess): Promise<void> {
  await listenForOwner(server, path).catch((cause: unknown) => {
    if (isDiskError(cause)) throw storageFailed(path, cause);
    throw new EnclosError(
      'PLATFORM_SOCKET_REFUSED',
      `The platform cannot listen at ${path}: ${listenRefusal(cause)}.`,
      {
        details: { path },
        cause,
      },
    );
  });
  await chmod(path, access === 'by-folder' ? 0o666 : 0o600);
  if (typeof access === 'number') await chown(path, access, 0);
}
