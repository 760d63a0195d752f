import type { Duplex } from 'node:stream';
import {
  serveHttp,
  type HttpClock,
  type HttpHandler,
  type HttpLimits,
  type HttpRequest,
  type PeerStream,
  type ServeHttpOptions,
} from '../src/index.ts';
import { duplexPair } from '@enclos/testkit';

/** A client's end of a connection, and what came of it so far. */
export interface Client {
  readonly stream: Duplex;
  /** The server's end. */
  readonly inside: Duplex;
  readonly text: () => string;
  /** How many whole answers came. */
  readonly answers: () => number;
}

/** A server over streams in memory, whose time a test moves. */
export interface TestServer {
  /**
   * @param address gets a port when it has none (`192.0.2.1 50000`); empty when the host reports nothing.
   * @param pair the server's end and the client's. What comes to the client is read, unless it is paused.
   */
  connect(address?: string, pair?: readonly [Duplex, Duplex]): Client;
  /** Lets so much time pass, and the server look at it. */
  pass(ms: number): Promise<void>;
  /** Brings no more connections. */
  end(): void;
  /** What the server told of its handler. */
  readonly errors: unknown[];
  readonly over: Promise<void>;
}

export type TestOptions = Partial<Omit<ServeHttpOptions, 'limits' | 'handler'>> & {
  readonly limits?: Partial<HttpLimits>;
  /** The most connections that the listener has at once. */
  readonly listenerConnections?: number;
};

/** All that is to happen without time passing has happened. */
export async function quiet(): Promise<void> {
  for (let turn = 0; turn < 12; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

export function testServer(handler: HttpHandler, { listenerConnections, ...options }: TestOptions = {}): TestServer {
  const waiting: PeerStream[] = [];
  let wake = (): void => undefined;
  const ended = new AbortController();
  const connections = {
    maxConnections: listenerConnections,
    async *[Symbol.asyncIterator]() {
      while (!ended.signal.aborted || waiting.length > 0) {
        const next = waiting.shift();
        if (next !== undefined) yield next;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
  let now = 0;
  let sweep = (): void => undefined;
  const clock: HttpClock = {
    now: () => now,
    every(_intervalMs, run) {
      sweep = run;
      return () => (sweep = () => undefined);
    },
  };
  let port = 50_000;
  const errors: unknown[] = [];
  const onError = (error: unknown): void => void errors.push(error);
  return {
    errors,
    over: serveHttp(connections, { secure: undefined, onError, clock, ...options, handler }),
    connect(address = '192.0.2.1', [inside, stream] = duplexPair()) {
      // As the host reports connections: address and port, or nothing.
      const remoteAddress = address === '' || address.includes(' ') ? address : `${address} ${port++}`;
      waiting.push(Object.assign(inside, { remoteAddress }));
      wake();
      let text = '';
      stream.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
      stream.on('error', () => undefined);
      return { stream, inside, text: () => text, answers: () => text.match(/HTTP\/1\.1 [2-5]/g)?.length ?? 0 };
    },
    async pass(ms) {
      await quiet();
      now += ms;
      sweep();
      await quiet();
    },
    end() {
      ended.abort();
      wake();
    },
  };
}

/** A request for this path. */
export const get = (path: string, ...lines: string[]): string =>
  `GET ${path} HTTP/1.1\r\n${['Host: a', ...lines].join('\r\n')}\r\n\r\n`;
export const isClosed = ({ stream }: Client): boolean => stream.destroyed || stream.readableEnded;
/** Of all answers that came. */
export const bodies = (client: Client): string[] =>
  client
    .text()
    .split(/HTTP\/1\.1 [^]*?\r\n\r\n/)
    .slice(1);

/** Answers when it is told to. */
export function held(): { handler: HttpHandler; seen: HttpRequest[]; signals: AbortSignal[]; release: (() => void)[] } {
  const [seen, signals, release] = [[] as HttpRequest[], [] as AbortSignal[], [] as (() => void)[]];
  const handler: HttpHandler = async (request, { signal }) => {
    seen.push(request);
    signals.push(signal);
    await new Promise<void>((resolve) => release.push(resolve));
    return { status: 200, body: request.path };
  };
  return { handler, seen, signals, release };
}
