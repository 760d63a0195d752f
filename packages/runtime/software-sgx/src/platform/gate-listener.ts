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

/** For an enclave of several gates. */
export interface GatesListener extends Omit<GateListener, 'accept'> {
  /** All connections, in the order in which they were made. @throws ENCLAVE_START_FAILED as for one */
  accept(timeoutMs: number): Promise<readonly Socket[]>;
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
  const listener = await listenForGates(folder, 1, access);
  return Object.freeze({
    ...listener,
    async accept(timeoutMs: number) {
      const [gate] = await listener.accept(timeoutMs);
      if (gate === undefined) throw endedEarly();
      return gate;
    },
  });
}

/** The same for several connections. @param count at least 1 */
export async function listenForGates(folder: string, count: number, access?: SocketAccess): Promise<GatesListener> {
  const path = join(folder, prefix + randomBytes(8).toString('hex'));
  const server = createServer({ pauseOnConnect: true });
  /** Connections that were not asked for yet: paused, so they would stay open even when the host closes its end. */
  const untaken: Socket[] = [];
  let taken = false;
  const drop = (): void => {
    for (const socket of untaken.splice(0)) socket.destroy();
  };
  const connections = new Promise<readonly Socket[]>((resolve, reject) => {
    server.on('connection', (socket) => {
      // A host that drops the connection ends its enclave, not the platform.
      socket.on('error', () => undefined);
      // Another process, which connected in the moment before the name was removed.
      if (untaken.length === count) return void socket.destroy();
      untaken.push(socket);
      if (untaken.length < count) return;
      resolve([...untaken]);
      // The first to connect is the host of this enclave. Closing removes the name, so no other process can connect.
      server.close();
    });
    server.once('close', () => reject(endedEarly()));
  });
  // A caller that closes the listener before it asks for a connection does not need the reason.
  connections.catch(() => undefined);
  await listenPrivately(server, path, access);
  return Object.freeze({
    path,
    accept(timeoutMs: number) {
      const timer = setTimeout(() => {
        server.close();
        // A server is closed when its connections are.
        drop();
      }, timeoutMs);
      return connections
        .then((all) => {
          taken = true;
          return all;
        })
        .finally(() => {
          clearTimeout(timer);
          if (!taken) drop();
        });
    },
    close() {
      server.close();
      if (!taken) drop();
    },
  });
}

function endedEarly(): EnclosError {
  return new EnclosError('ENCLAVE_START_FAILED', 'The enclave was ended before it started.');
}
