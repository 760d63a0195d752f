import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { EnclosError } from '@enclos/errors';
import { readFrugally } from '@enclos/tee';
import { socketWith } from '@enclos/tee/passing';
import type { HostFolder } from './host-folder.ts';
import { serveHost } from './host-session.ts';
import type { Host } from './host.ts';
import { listenPrivately } from './listen-privately.ts';
import type { PlatformServices } from './services.ts';

/** One socket of a host. */
export interface Listening {
  /** Ends the connections through this socket, and their enclaves, and removes the socket. */
  close(): Promise<void>;
}

/** A socket of a host, and how many connections it has now. */
export type HostListening = Listening & { readonly connections: () => number };

/** The sockets of one host, which share its part of the connections. */
export interface HostListeners {
  /**
   * @param folder the folder that the socket is in, when the host is known by its folders.
   * @throws PLATFORM_SOCKET_REFUSED, PLATFORM_STORAGE_FAILED
   */
  listen(path: string, folder?: HostFolder): Promise<HostListening>;
  close(): Promise<void>;
}

export function createHostListeners(services: PlatformServices, host: Host, maxConnections: number): HostListeners {
  const all = new Set<Listening>();
  let connections = 0;
  let closed = false;
  return Object.freeze({
    async listen(path: string, folder?: HostFolder) {
      if (closed) throw new EnclosError('PLATFORM_SOCKET_REFUSED', 'The platform is ending.');
      const own = new Set<Socket>();
      const server = createServer({ pauseOnConnect: true }, (accepted) => {
        if (connections >= maxConnections) return void accepted.destroy();
        // The pieces of an image are read where they stay. Paused: nothing is read before it is served.
        const socket = readFrugally((reads) => socketWith(accepted, { ...reads, allowHalfOpen: false }));
        connections += 1;
        own.add(socket);
        socket.once('close', () => {
          connections -= 1;
          own.delete(socket);
        });
        if (folder === undefined) serveHost(services, socket, host);
        else void serveCaller(services, socket, { host, folder });
      });
      // Accepting fails when descriptors run out; connected hosts must not lose their enclaves because of it.
      server.on('error', () => undefined);
      await listenPrivately(server, path, folder === undefined ? host.user : 'by-folder');
      const listening = Object.freeze({
        connections: () => own.size,
        close() {
          all.delete(listening);
          return closeServer(server, own);
        },
      });
      all.add(listening);
      // The platform may have ended while the socket was made.
      if (closed) await listening.close();
      return listening;
    },
    async close() {
      closed = true;
      await Promise.all([...all].map(async (listening) => listening.close()));
    },
  });
}

async function serveCaller(
  services: PlatformServices,
  socket: Socket,
  { host, folder }: { readonly host: Host; readonly folder: HostFolder },
): Promise<void> {
  // A caller may disconnect while it is being identified.
  socket.on('error', () => undefined);
  try {
    const caller = await folder.caller?.(socket);
    if (socket.destroyed) return;
    serveHost(services, socket, { ...host, folder, cgroups: caller?.cgroups });
  } catch {
    // The function that identifies callers knows the reason; the caller is told nothing.
    socket.destroy();
  }
}

/** Closes a server and its accepted connections. */
export async function closeServer(server: Server, connections: ReadonlySet<Socket>): Promise<void> {
  const closed = [server, ...connections].map(async (each) => once(each, 'close'));
  server.close();
  for (const socket of connections) socket.destroy();
  await Promise.all(closed);
}
