import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { listenRefusal } from '@enclos/diagnostics';
import { EnclosError } from '@enclos/errors';
import { listenOnSocket } from '@enclos/tee/unix-socket';
import type { StreamAddress } from './addresses.ts';
import { withSharedReads } from './shared-reads.ts';

/** The most connections that wait while an enclave does not take them; further ones are closed. */
const maxWaitingConnections = 512;

/** The ports that the manifest declares, open on this machine. */
export interface Listeners {
  /** Where each listener really listens, by name. */
  readonly addresses: Readonly<Record<string, StreamAddress>>;
  /** The next connection, or a rejection when `signal` aborts first. @throws STREAM_NOT_DECLARED */
  accept(name: string, signal: AbortSignal): Promise<Socket>;
  /** Closes the ports and the connections that were not accepted. */
  close(): Promise<void>;
}

/** @throws HOST_LISTEN_FAILED, and then nothing stays open. */
export async function openListeners(wanted: ReadonlyMap<string, StreamAddress>): Promise<Listeners> {
  const listeners = new Map<string, Listener>();
  const close = async (): Promise<void> => {
    await Promise.all([...listeners.values()].map((listener) => listener.close()));
  };
  try {
    for (const [name, address] of wanted) listeners.set(name, await openListener(name, address));
  } catch (error) {
    await close();
    throw error;
  }
  return Object.freeze({
    addresses: Object.freeze(Object.fromEntries([...listeners].map(([name, { address }]) => [name, address]))),
    accept(name: string, signal: AbortSignal) {
      const listener = listeners.get(name);
      if (listener === undefined) throw new EnclosError('STREAM_NOT_DECLARED');
      return listener.accept(signal);
    },
    close,
  });
}

interface Listener {
  readonly address: StreamAddress;
  accept(signal: AbortSignal): Promise<Socket>;
  close(): Promise<void>;
}

async function openListener(name: string, wanted: StreamAddress): Promise<Listener> {
  const arrived: Socket[] = [];
  const waiting = new Set<(socket: Socket) => void>();
  // Paused: nothing is read from a waiting connection, so nothing has to be kept.
  const server = createServer({
    allowHalfOpen: true,
    pauseOnConnect: true,
    noDelay: true,
  });
  server.on('connection', (accepted) => {
    const socket = withSharedReads(accepted);
    // The code that accepts the socket sees its state; before that, nothing listens for errors.
    socket.on('error', () => undefined);
    const [next] = waiting;
    if (next !== undefined) return next(socket);
    if (arrived.length < maxWaitingConnections) arrived.push(socket);
    else socket.destroy();
  });
  return Object.freeze({
    address: await listening(name, server, wanted),
    accept: (signal: AbortSignal) =>
      new Promise<Socket>((resolve, reject) => {
        const next = arrived.shift();
        if (next !== undefined) return resolve(next);
        const stop = (): void => {
          waiting.delete(take);
          reject(new EnclosError('GATE_CANCELLED', undefined, { cause: signal.reason }));
        };
        const take = (socket: Socket): void => {
          waiting.delete(take);
          signal.removeEventListener('abort', stop);
          resolve(socket);
        };
        waiting.add(take);
        signal.addEventListener('abort', stop);
        if (signal.aborted) stop();
      }),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of arrived) socket.destroy();
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
  server.on('error', () => undefined);
  const bound = server.address();
  // The address of a socket can differ from its path.
  if (bound === null || typeof bound === 'string') return Object.freeze({ path: wanted.path ?? '' });
  return Object.freeze({ host: bound.address, port: bound.port });
}
