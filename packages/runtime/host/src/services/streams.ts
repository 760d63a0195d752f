import { connect, type Socket, type TcpNetConnectOpts } from 'node:net';
import { MAX_STREAMS, type Handlers, type systemInterface } from '@enclos/edl';
import { EnclosError } from '@enclos/errors';
import { StreamTable, type Frame, type IncomingCall, type SendStream } from '@enclos/gate';
import type { EnclaveManifest } from '@enclos/manifest';
import { connectToSocket } from '@enclos/tee/unix-socket';
import { addressesOf, loopbackAddress, type StreamAddress } from './addresses.ts';
import { openListeners } from './listeners.ts';
import { HostStream } from './host-stream.ts';
import { relayedSocketOptions } from './shared-reads.ts';

type UntrustedFunctions = (typeof systemInterface)['untrusted'];
type StreamFunctions = Pick<UntrustedFunctions, Extract<keyof UntrustedFunctions, `stream${string}`>>;

export interface StreamAddresses {
  /** The address of each listener; for the others the declared port at `listenAddress`. */
  readonly listen: Readonly<Record<string, StreamAddress>>;
  /** Default: 127.0.0.1. */
  readonly listenAddress?: string | undefined;
  /** The real address of each destination; for the others the declared host and port. */
  readonly connect: Readonly<Record<string, StreamAddress>>;
}

/** The signal that cancels a waiting call: see {@link IncomingCall}. */
export type CallSignal = Pick<IncomingCall, 'signal'>;

export interface StreamService {
  readonly handlers: Handlers<StreamFunctions, CallSignal>;
  readonly listeners: Readonly<Record<string, StreamAddress>>;
  /**
   * Called once, before the enclave's first call: frames of streams go out by `send`.
   * @returns a function that takes incoming frames, and throws GATE_PROTOCOL_VIOLATION.
   */
  readonly connect: (send: SendStream) => (frame: Frame) => void;
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
  const host = given.listenAddress ?? loopbackAddress;
  const declared = manifest.listen.map(({ name, port }) => ({ name, host, port }));
  const listeners = await openListeners(addressesOf(declared, given.listen));
  const streams = createHostStreams();

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
  };
  return Object.freeze({
    handlers,
    listeners: listeners.addresses,
    connect: streams.connect,
    async close() {
      streams.closeAll();
      await listeners.close();
    },
  });
}

/** The streams by the enclave's numbers for them. */
function createHostStreams() {
  let sendByGate: SendStream = () => undefined;
  const table = new StreamTable({
    send: (frame, isRefusal, taken) => sendByGate(frame, isRefusal, taken),
    answersStrangers: true,
  });
  const streams = new Map<number, HostStream>();
  let closed = false;
  const check = (id: number): void => {
    if (closed) throw new EnclosError('STREAM_BROKEN');
    if (id === 0 || table.has(id)) throw new EnclosError('STREAM_REFUSED', 'The number of the stream is in use.');
    if (table.size < MAX_STREAMS) return;
    throw new EnclosError('STREAM_LIMIT', `${MAX_STREAMS} streams are open, no more are allowed.`);
  };
  return Object.freeze({
    connect(send: SendStream) {
      sendByGate = send;
      return (frame: Frame): void => table.received(frame);
    },
    open(id: number, signal: AbortSignal, begin: (signal: AbortSignal) => Promise<Socket>): Promise<Socket> {
      check(id);
      const stream = new HostStream((events) => table.open(id, events, () => void streams.delete(id)));
      streams.set(id, stream);
      return stream.begin(signal, begin);
    },
    closeAll(): void {
      closed = true;
      for (const stream of streams.values()) stream.destroy();
    },
  });
}

function connected(address: StreamAddress, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const options = { ...relayedSocketOptions(() => socket), noDelay: true, signal };
    const { path, ...network } = address;
    const socket: Socket =
      path === undefined ? connect({ ...network, ...options } as TcpNetConnectOpts) : connectToSocket(path, options);
    socket.once('connect', () => resolve(socket));
    // Never removed: readers and writers see an error after the connection.
    socket.on('error', (cause) => reject(new EnclosError('STREAM_CONNECT_FAILED', undefined, { cause })));
  });
}
