import { randomBytes } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { EnclosError } from '@enclos/errors';
import { listenPrivately, type SocketAccess } from './listen-privately.ts';

export interface GateListener {
  readonly path: string;
  /**
   * The first connection, unread: its descriptor goes to the enclave.
   * @throws ENCLAVE_START_FAILED when no connection arrives in time, or the listener is closed.
   */
  accept(timeoutMs: number): Promise<Socket>;
  /** Also closes a connection that was not asked for. */
  close(): void;
}

const prefix = 'g-';

export function isGateName(name: string): boolean {
  return /^g-[0-9a-f]{16}$/.test(name);
}

/**
 * Listens for the one connection that becomes an enclave's gate.
 * @param access the only user, besides root, that can connect. Default: the platform's own.
 * @throws PLATFORM_SOCKET_REFUSED, PLATFORM_STORAGE_FAILED
 */
export async function listenForGate(folder: string, access?: SocketAccess): Promise<GateListener> {
  const path = join(folder, prefix + randomBytes(8).toString('hex'));
  const server = createServer({ pauseOnConnect: true });
  /** A connection that was not asked for yet: paused, so it would stay open even when the host closes its end. */
  let untaken: Socket | undefined;
  const connection = new Promise<Socket>((resolve, reject) => {
    server.once('connection', (socket) => {
      // A host that drops the connection ends its enclave, not the platform.
      socket.on('error', () => undefined);
      untaken = socket;
      resolve(socket);
      // The first to connect is the host of this enclave. Closing removes the name, so no other process can connect.
      server.close();
    });
    server.once('close', () =>
      reject(new EnclosError('ENCLAVE_START_FAILED', 'The enclave was ended before it started.')),
    );
  });
  // A caller that closes the listener before it asks for a connection does not need the reason.
  connection.catch(() => undefined);
  await listenPrivately(server, path, access);
  return Object.freeze({
    path,
    accept(timeoutMs: number) {
      const timer = setTimeout(() => server.close(), timeoutMs);
      return connection.finally(() => {
        clearTimeout(timer);
        untaken = undefined;
      });
    },
    close() {
      server.close();
      untaken?.destroy();
    },
  });
}
