import type { Duplex } from 'node:stream';
import { MAX_STREAMS } from '@enclos/edl';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { RelayedStream } from './relayed-stream.ts';
import { runtime } from './runtime.ts';

/** A connection whose bytes the host relays, reads, changes and drops as it likes: end TLS inside. */
export interface Connection extends Duplex {
  /** Where it comes from, `''` when the host does not say. The host's word: for logs and nothing else. */
  readonly remoteAddress: string;
}

export interface StreamOptions {
  /** Ends the waiting; connections that are there stay. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The connections that the host accepts on a port that enclave.json declares
 * under `listen`. Ends when the signal aborts. While as many streams are open
 * as an enclave may have, the next ones wait at the host.
 * @throws STREAM_NOT_DECLARED
 */
export function listen(name: string, { signal }: StreamOptions = {}): AsyncGenerator<Connection, void, undefined> {
  if (!runtime().manifest.listen.some((declared) => declared.name === name)) throw notDeclared('listener', name);
  return connections(name, signal);
}

/**
 * Connects to a destination that enclave.json declares under `connect`. The
 * host resolves the name and may connect to anything: authenticate the peer.
 * @throws STREAM_NOT_DECLARED, STREAM_LIMIT, STREAM_CONNECT_FAILED, GATE_CANCELLED
 */
export async function connect(name: string, { signal }: StreamOptions = {}): Promise<Connection> {
  if (!runtime().manifest.connect.some((declared) => declared.name === name)) throw notDeclared('destination', name);
  if (open >= MAX_STREAMS) throw new EnclosError('STREAM_LIMIT');
  const { system } = runtime();
  return opened(async (stream) => {
    await system.streamConnect({ destination: name, stream }, callOptions(signal));
    return '';
  });
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
      yield await opened((stream) => system.streamAccept({ listener: name, stream }, callOptions(signal)));
    } catch (error) {
      // With the host everything is over, and that is no failure of whoever serves connections.
      if (isOver() || (isEnclosError(error) && error.kind === 'lost')) return;
      throw error;
    }
  }
}

let open = 0;
let lastStream = 0;
const waiting: (() => void)[] = [];

/** Resolves when one more stream may be opened. */
async function room(): Promise<void> {
  for (;;) {
    if (open < MAX_STREAMS) return;
    await new Promise<void>((resolve) => waiting.push(resolve));
  }
}

function closed(): void {
  open -= 1;
  waiting.shift()?.();
}

/** Numbers a stream and has it opened. One that does not come about is closed at the host: its answer may be on the way. */
async function opened(ask: (stream: number) => Promise<string>): Promise<Connection> {
  const { system } = runtime();
  lastStream = (lastStream + 1) >>> 0;
  const stream = lastStream;
  open += 1;
  try {
    return new RelayedStream({ system, stream, remoteAddress: await ask(stream), closed });
  } catch (error) {
    await system.streamClose({ stream }).then(closed, closed);
    throw error;
  }
}

function callOptions(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

function notDeclared(what: string, name: string): EnclosError {
  return new EnclosError('STREAM_NOT_DECLARED', `enclave.json declares no ${what} ${name}.`);
}
