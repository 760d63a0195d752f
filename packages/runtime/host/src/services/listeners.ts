import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { listenRefusal } from '@enclos/diagnostics';
import { EnclosError } from '@enclos/errors';
import { listenOnSocket } from '@enclos/tee/unix-socket';
import type { Passing } from '@enclos/tee/passing';
import type { StreamAddress } from './addresses.ts';
import { Arrivals, type ArrivalEvents } from './arrivals.ts';

/** A port that the manifest declares, open on this machine. */
export interface Listener {
  /** Where it really listens. */
  readonly address: StreamAddress;
  readonly arrivals: Arrivals;
  /** Closes the port and the connections that the enclave has not taken. */
  close(): Promise<void>;
}

export interface ListenerRequest {
  readonly name: string;
  readonly address: StreamAddress;
  /** How its connections are accepted if they may be passed; otherwise they are not. */
  readonly passing: Passing | undefined;
  readonly events: ArrivalEvents;
}

/** The listeners, by name. @throws HOST_LISTEN_FAILED, and then nothing stays open */
export async function openListeners(requests: readonly ListenerRequest[]): Promise<ReadonlyMap<string, Listener>> {
  const listeners = new Map<string, Listener>();
  try {
    for (const request of requests) listeners.set(request.name, await openListener(request));
  } catch (error) {
    await closeListeners(listeners);
    throw error;
  }
  return listeners;
}

export async function closeListeners(listeners: ReadonlyMap<string, Listener>): Promise<void> {
  await Promise.all([...listeners.values()].map((listener) => listener.close()));
}

async function openListener({ name, address: wanted, passing, events }: ListenerRequest): Promise<Listener> {
  const arrivals = new Arrivals(events);
  // Paused: nothing is read from a waiting connection, so nothing has to be kept.
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true });
  if (passing === undefined) {
    server.on('connection', (socket) => {
      // The code that takes the connection sees its state; before that, nothing listens for errors.
      socket.on('error', () => undefined);
      arrivals.add(socket);
    });
  }
  const address = await listening(name, server, wanted);
  server.on('error', passing === undefined ? arrivals.refused : () => undefined);
  // No connection can have come: the event loop has not turned since the server began to listen.
  passing?.accept(server, arrivals.add, arrivals.refused);
  return Object.freeze({
    address,
    arrivals,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      arrivals.close();
      await closed;
    },
  });
}

async function listening(name: string, server: Server, wanted: StreamAddress): Promise<StreamAddress> {
  try {
    if (wanted.path !== undefined) {
      await listenOnSocket(server, wanted.path);
    } else {
      server.listen({ ...wanted });
      await once(server, 'listening');
    }
  } catch (cause) {
    const where = wanted.path ?? `${wanted.host ?? ''}:${wanted.port}`;
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
    throw new EnclosError(
      'HOST_LISTEN_FAILED',
      `The listener "${name}" cannot listen at ${where}: ${listenRefusal(cause)}.`,
      {
        details: { listener: name, address: where, ...(reason === undefined ? {} : { reason }) },
        cause,
      },
    );
  }
  const bound = server.address();
  // The address of a socket can differ from its path.
  if (bound === null || typeof bound === 'string') return Object.freeze({ path: wanted.path ?? '' });
  return Object.freeze({ host: bound.address, port: bound.port });
}
