import type { Duplex } from 'node:stream';
import type { EnclaveManifest } from '@enclos/manifest';
import { EnclosError } from '@enclos/errors';
import { PassedStreams } from './passed-streams.ts';
import { callOptions, RelayedStreams } from './relayed-streams.ts';
import { runtime, serveStreams } from '../runtime.ts';

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

/**
 * The connections that the host accepts on a port that enclave.json declares
 * under `listen`. Ends when the signal aborts. While the enclave has its maximum of open streams, further connections wait at
 * the host: 256 relayed ones, and 256 passed ones in equal shares for all listeners whose connections are passed.
 *
 * Each listener has one transport for as long as the enclave runs. The connections behave the same.
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
export function listen(name: string, options: StreamOptions = {}): AsyncGenerator<Connection, void, undefined> {
  const place = runtime().manifest.listen.findIndex((declared) => declared.name === name);
  const declared = runtime().manifest.listen[place];
  if (declared === undefined) throw notDeclared('listener', name);
  return isPassed(declared) ? passed().listen(place, options) : relayed().listen(name, options.signal);
}

/**
 * Connects to a destination that enclave.json declares under `connect`. The
 * host resolves the name and may connect to anything: authenticate the peer.
 * @throws STREAM_NOT_DECLARED, STREAM_LIMIT, STREAM_CONNECT_FAILED, STREAM_BROKEN, GATE_CANCELLED
 */
export async function connect(name: string, options: StreamOptions = {}): Promise<Connection> {
  const declared = runtime().manifest.connect.find((destination) => destination.name === name);
  if (declared === undefined) throw notDeclared('destination', name);
  if (!isPassed(declared)) return relayed().connect(name, options.signal);
  const stream = freeNumber();
  const ask = (): Promise<void> =>
    runtime().system.streamConnect({ destination: name, stream }, callOptions(options.signal));
  return passed().connect(stream, ask, options);
}

let relayedStreams: RelayedStreams | undefined;
let passedStreams: PassedStreams | undefined;
let lastStream = 0;

/** `either` follows the platform: it opened a passage, or it did not. */
function isPassed({ transport }: Pick<EnclaveManifest['listen'][number], 'transport'>): boolean {
  const hasPassage = runtime().passage !== undefined;
  if (transport === 'passed' && !hasPassage) throw new EnclosError('STREAM_TRANSPORT_UNAVAILABLE');
  return transport !== 'relayed' && hasPassage;
}

function relayed(): RelayedStreams {
  if (relayedStreams !== undefined) return relayedStreams;
  const made = new RelayedStreams(runtime(), freeNumber);
  serveStreams((frame) => made.received(frame));
  relayedStreams = made;
  return made;
}

function passed(): PassedStreams {
  const { passage, manifest } = runtime();
  if (passage === undefined) throw new EnclosError('STREAM_TRANSPORT_UNAVAILABLE');
  passedStreams ??= new PassedStreams({ passage, listeners: manifest.listen.map(isPassed) });
  return passedStreams;
}

/** A number that no stream has: both kinds share them, as they may at the host. */
function freeNumber(): number {
  do lastStream = (lastStream % 0xffff_ffff) + 1;
  while (relayedStreams?.has(lastStream) === true || passedStreams?.has(lastStream) === true);
  return lastStream;
}

function notDeclared(what: string, name: string): EnclosError {
  return new EnclosError('STREAM_NOT_DECLARED', `enclave.json declares no ${what} ${name}.`);
}
