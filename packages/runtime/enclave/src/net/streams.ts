import type { Duplex } from 'node:stream';
import { MAX_STREAMS } from '@enclos/edl';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { StreamTable } from '@enclos/gate';
import { RelayedStream } from './relayed-stream.ts';
import { runtime, serveStreams } from '../runtime.ts';

/** A connection through the host, which can read, change and drop all bytes: end TLS inside. */
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
}

/**
 * The connections that the host accepts on a port that enclave.json declares
 * under `listen`. Ends when the signal aborts. While the enclave has its maximum of open streams, further connections wait at
 * the host.
 * @throws STREAM_NOT_DECLARED
 * @example
 * ```ts
 * import { listen, log } from '@enclos/enclave';
 *
 * // enclave.json says: "listen": [{ "name": "api", "port": 8443 }].
 * export async function serve(): Promise<void> {
 *   for await (const connection of listen('api')) {
 *     connection.on('error', () => log.debug('a connection broke'));
 *     connection.end('hello');
 *   }
 * }
 * ```
 */
export function listen(name: string, { signal }: StreamOptions = {}): AsyncGenerator<Connection, void, undefined> {
  if (!runtime().manifest.listen.some((declared) => declared.name === name)) throw notDeclared('listener', name);
  return connections(name, signal);
}

/**
 * Connects to a destination that enclave.json declares under `connect`. The
 * host resolves the name and may connect to anything: authenticate the peer.
 * @throws STREAM_NOT_DECLARED, STREAM_LIMIT, STREAM_CONNECT_FAILED, STREAM_BROKEN, GATE_CANCELLED
 */
export async function connect(name: string, { signal }: StreamOptions = {}): Promise<Connection> {
  if (!runtime().manifest.connect.some((declared) => declared.name === name)) throw notDeclared('destination', name);
  if (table().size >= MAX_STREAMS) throw new EnclosError('STREAM_LIMIT');
  const { system } = runtime();
  const stream = await opened(async (id) => {
    await system.streamConnect({ destination: name, stream: id }, callOptions(signal));
    return '';
  });
  if (stream.destroyed) throw new EnclosError('STREAM_BROKEN');
  return stream;
}

async function* connections(
  name: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Connection, void, undefined> {
  const { system } = runtime();
  const isOver = (): boolean => signal?.aborted ?? false;
  while (!isOver()) {
    await room();
    try {
      const stream = await opened((id) => system.streamAccept({ listener: name, stream: id }, callOptions(signal)));
      // A stream that has already broken would not report it again.
      if (!stream.destroyed) yield stream;
    } catch (error) {
      // When the host is gone everything is over, which is not a failure of the code that serves connections.
      if (isOver() || (isEnclosError(error) && error.kind === 'lost')) return;
      throw error;
    }
  }
}

let streams: StreamTable | undefined;
let lastStream = 0;
const waiting: (() => void)[] = [];

function table(): StreamTable {
  if (streams !== undefined) return streams;
  const made = new StreamTable({ send: runtime().sendStream, answersStrangers: false });
  serveStreams((frame) => made.received(frame));
  streams = made;
  return made;
}

/** Resolves when one more stream may be opened. */
async function room(): Promise<void> {
  while (table().size >= MAX_STREAMS) await new Promise<void>((resolve) => waiting.push(resolve));
}

/** Numbers a stream and has it opened. When that fails the host is told anyway, because it may be opening one. */
async function opened(ask: (id: number) => Promise<string>): Promise<RelayedStream> {
  const open = table();
  do lastStream = (lastStream % 0xffff_ffff) + 1;
  while (open.has(lastStream));
  const id = lastStream;
  const stream = new RelayedStream((events) => open.open(id, events, () => waiting.shift()?.()));
  try {
    stream.arrived(await ask(id));
    return stream;
  } catch (error) {
    stream.destroy();
    throw error;
  }
}

function callOptions(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

function notDeclared(what: string, name: string): EnclosError {
  return new EnclosError('STREAM_NOT_DECLARED', `enclave.json declares no ${what} ${name}.`);
}
