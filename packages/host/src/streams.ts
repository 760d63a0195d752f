import { connect, type Socket, type TcpNetConnectOpts } from 'node:net';
import { MAX_STREAM_CHUNK_BYTES, MAX_STREAMS, type Handlers, type systemInterface } from '@enclos/edl';
import { EnclosError } from '@enclos/errors';
import type { IncomingCall } from '@enclos/gate';
import type { EnclaveManifest } from '@enclos/manifest';
import { addressesOf, type StreamAddress } from './addresses.ts';
import { openListeners } from './listeners.ts';
import { RelayedSocket } from './relayed-socket.ts';

type Untrusted = (typeof systemInterface)['untrusted'];
type StreamFunctions = Pick<Untrusted, Extract<keyof Untrusted, `stream${string}`>>;

export interface StreamAddresses {
  /** Where to listen, by listener; for the others 127.0.0.1 and the declared port. */
  readonly listen: Readonly<Record<string, StreamAddress>>;
  /** Where a destination really is, by destination; for the others the declared host and port. */
  readonly connect: Readonly<Record<string, StreamAddress>>;
}

/** What a waiting call is told by: see {@link IncomingCall}. */
export type CallSignal = Pick<IncomingCall, 'signal'>;

export interface StreamService {
  readonly handlers: Handlers<StreamFunctions, CallSignal>;
  readonly listeners: Readonly<Record<string, StreamAddress>>;
  /** Closes the listeners and every stream. */
  close(): Promise<void>;
}

/**
 * Listens and connects for the enclave, and relays bytes. The enclave reaches
 * the declared listeners and destinations and nothing else, whatever it asks.
 * @throws HOST_LISTEN_FAILED, STREAM_NOT_DECLARED
 */
export async function openStreamService(manifest: EnclaveManifest, given: StreamAddresses): Promise<StreamService> {
  const destinations = addressesOf(manifest.connect, given.connect);
  const declared = manifest.listen.map(({ name, port }) => ({ name, host: '127.0.0.1', port }));
  const listeners = await openListeners(addressesOf(declared, given.listen));
  const streams = createStreamTable();

  const handlers: StreamService['handlers'] = {
    async streamAccept({ listener, stream }, { signal }) {
      const socket = await streams.open(stream, signal, (ended) => listeners.accept(listener, ended));
      return socket.remoteAddress === undefined ? '' : `${socket.remoteAddress} ${socket.remotePort ?? ''}`;
    },
    async streamConnect({ destination, stream }, { signal }) {
      const address = destinations.get(destination);
      if (address === undefined) throw new EnclosError('STREAM_NOT_DECLARED');
      await streams.open(stream, signal, (ended) => connected(address, ended));
    },
    streamRead: ({ stream }) => streams.get(stream).read(),
    streamWrite: ({ stream, content }) => streams.get(stream).write(content),
    streamEnd: ({ stream }) => streams.get(stream).end(),
    streamClose: ({ stream }) => streams.close(stream),
  };
  return Object.freeze({
    handlers,
    listeners: listeners.addresses,
    async close() {
      streams.closeAll();
      await listeners.close();
    },
  });
}

/** The streams by the enclave's numbers for them. */
function createStreamTable() {
  /** One that is still waited for has a controller that ends the waiting. */
  const streams = new Map<number, RelayedSocket | AbortController>();
  let closed = false;
  const check = (id: number): void => {
    if (closed) throw new EnclosError('STREAM_BROKEN');
    if (streams.has(id)) throw new EnclosError('STREAM_REFUSED', 'The number of the stream is in use.');
    if (streams.size < MAX_STREAMS) return;
    throw new EnclosError('STREAM_LIMIT', `${MAX_STREAMS} streams are open, no more are allowed.`);
  };
  const close = (id: number): void => {
    const found = streams.get(id);
    streams.delete(id);
    if (found instanceof AbortController) found.abort();
    else found?.destroy();
  };
  return Object.freeze({
    close,
    async open(id: number, signal: AbortSignal, begin: (signal: AbortSignal) => Promise<Socket>): Promise<Socket> {
      check(id);
      const controller = new AbortController();
      streams.set(id, controller);
      try {
        const socket = await begin(AbortSignal.any([signal, controller.signal]));
        if (streams.get(id) === controller) streams.set(id, new RelayedSocket(socket));
        else socket.destroy();
        return socket;
      } catch (error) {
        if (streams.get(id) === controller) streams.delete(id);
        throw error;
      }
    },
    get(id: number): RelayedSocket {
      const found = streams.get(id);
      if (found instanceof RelayedSocket) return found;
      throw new EnclosError('STREAM_REFUSED', 'No such stream is open.');
    },
    closeAll(): void {
      closed = true;
      for (const id of streams.keys()) close(id);
    },
  });
}

function connected(address: StreamAddress, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const options = { ...address, allowHalfOpen: true, noDelay: true, highWaterMark: MAX_STREAM_CHUNK_BYTES, signal };
    // Both kinds of address are among the options of connect(), which has a type for each.
    const socket = connect(options as TcpNetConnectOpts);
    socket.once('connect', () => resolve(socket));
    // For good: an error after the connection is seen by whoever reads or writes.
    socket.on('error', (cause) => reject(new EnclosError('STREAM_CONNECT_FAILED', undefined, { cause })));
  });
}
