import type { Duplex } from 'node:stream';
import { EnclaveStreams } from './enclave-streams.ts';
import { runtime } from '../runtime.ts';

/**
 * A connection that the host relays, or whose socket it has passed: `transport` in enclave.json says which of the two. The host can
 * read, change and drop all bytes either way: end TLS inside.
 */
export interface Connection extends Duplex {
  /**
   * The peer: address, space, port; `''` when the host does not say. The host could lie: use it only for logs and for sharing
   * out resources.
   */
  readonly remoteAddress: string;
}

export interface StreamOptions {
  /** Ends the waiting; open connections stay. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Tells the host, when a passed connection ends, how many bytes crossed it in each direction, for its metrics. The host
   * counts relayed bytes itself. Default: false.
   */
  readonly counts?: boolean | undefined;
}

/** The connections of a listener, as they arrive. */
export interface Listener extends AsyncGenerator<Connection, void, undefined> {
  /** The most that are open at once, those that wait in the enclave included. The next ones wait at the host. */
  readonly maxConnections: number;
}

/**
 * The connections that the host accepts on a port that enclave.json declares
 * under `listen`. Ends when the signal aborts. While the enclave has its maximum of open streams, further connections wait at
 * the host: 256 relayed ones, and 256 passed ones in equal shares for all listeners whose connections are passed.
 *
 * Take connections in one loop that goes on: when the last loop ends, passed connections that have arrived and that it has not
 * taken are closed. Relayed ones wait at the host.
 *
 * Each listener has one transport for as long as the enclave runs, and code need not know which. Only the codes of errors differ:
 * those of a relayed connection begin with `STREAM_`, those of a passed one are the system's, such as `ECONNRESET`.
 *
 * A connection that its peer has reset closes and gives up its place, also when nothing reads or writes it. A peer that only ends
 * its direction, sends more than the connection holds unread (64 KiB passed, 256 KiB relayed), or does nothing, keeps its place
 * until this code ends the connection: put a limit on how long it waits. `tlsServer` and `serveHttp` of `@enclos/http` have theirs.
 * @throws STREAM_NOT_DECLARED
 * @example
 * ```ts
 * import { listen, log } from '@enclos/enclave';
 *
 * // enclave.json says: "listen": [{ "name": "api", "port": 8443, "transport": "either" }].
 * export async function serve(): Promise<void> {
 *   for await (const connection of listen('api')) {
 *     connection.on('error', () => log.debug('a connection broke'));
 *     connection.end('hello');
 *   }
 * }
 * ```
 */
export function listen(name: string, options: StreamOptions = {}): Listener {
  return streams().listen(name, options);
}

/**
 * Connects to a destination that enclave.json declares under `connect`. The
 * host resolves the name and may connect to anything: authenticate the peer.
 * @throws STREAM_NOT_DECLARED, STREAM_LIMIT, STREAM_CONNECT_FAILED, STREAM_BROKEN, GATE_CANCELLED
 */
export async function connect(name: string, options: StreamOptions = {}): Promise<Connection> {
  return streams().connect(name, options);
}

let ofThisEnclave: EnclaveStreams | undefined;

function streams(): EnclaveStreams {
  ofThisEnclave ??= new EnclaveStreams(runtime());
  return ofThisEnclave;
}
