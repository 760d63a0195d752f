import type { TLSSocket } from 'node:tls';
import { createBodyRoom } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { processClock, type HttpClock } from './clock.ts';
import { HttpConnection, type Server } from './connection.ts';
import { limitsOf, type HttpLimits } from './limits.ts';
import type { BodyLimit, HttpHandler, PeerStream } from './types.ts';

export interface ServeHttpOptions {
  /**
   * Ends TLS on a connection: what `tlsServer` returns, with `alpnProtocols: ['http/1.1']`. `undefined` serves without
   * TLS: the host then reads and changes everything.
   */
  readonly secure: ((connection: PeerStream) => Promise<TLSSocket>) | undefined;
  readonly handler: HttpHandler;
  /** Those that are not named are as in `defaultHttpLimits`. */
  readonly limits?: Partial<HttpLimits> | undefined;
  /** For servers whose paths take bodies of different sizes. Default: `maxBodyBytes` for all. */
  readonly bodyLimit?: BodyLimit | undefined;
  /**
   * Learns what a handler threw, or answered that is no response, while its client waited, and what `secure` failed with
   * other than a handshake. Clients never do. What it throws is lost.
   */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** Accepts no more connections, answers what has begun, and then ends. */
  readonly signal?: AbortSignal | undefined;
  /** Of the header `date` (RFC 9110 section 6.6.1). Without it there is none: an enclave's clock is the host's word. */
  readonly date?: (() => Date) | undefined;
  /** What times are counted by. Default: the process's. */
  readonly clock?: HttpClock | undefined;
}

/**
 * Serves HTTP/1.1 on every connection of an iterable, `listen(name)` for example. Resolves when the iterable has ended,
 * or the signal has aborted, and the last connection is closed.
 * @throws HTTP_MISUSED for a limit that is none; what the iterable throws, when the connections are closed.
 */
export async function serveHttp(connections: AsyncIterable<PeerStream>, options: ServeHttpOptions): Promise<void> {
  const { signal, clock = processClock } = options;
  const limits = limitsOf(options.limits);
  const pool = new ConnectionPool(serverOf(options, limits, clock), options.secure);
  const stopSweeping = clock.every(sweepIntervalMs(limits), () => pool.sweep());
  const drain = (): void => pool.drain();
  signal?.addEventListener('abort', drain, { once: true });
  try {
    await acceptAll(connections, (connection) => pool.add(connection), signal);
  } catch (error) {
    pool.drain();
    throw error;
  } finally {
    // When the iterable ends by itself, the connections that are there go on until their clients end them.
    await pool.empty();
    signal?.removeEventListener('abort', drain);
    stopSweeping();
  }
}

function serverOf(
  { handler, bodyLimit, onError, date }: ServeHttpOptions,
  limits: HttpLimits,
  clock: HttpClock,
): Server {
  const tell = (error: unknown): void => {
    try {
      onError?.(error);
    } catch {
      // A listener that fails must not end the server.
    }
  };
  const dateOrNone = (): Date | undefined => {
    try {
      return date?.();
    } catch (error) {
      tell(error);
      return undefined;
    }
  };
  const now = (): number => clock.now();
  const room = createBodyRoom({
    maxBytes: limits.maxBodyBytesAtOnce,
    maxBodies: limits.maxConnections,
    minBytesPerSecond: limits.minBodyBytesPerSecond,
    now,
  });
  return { limits, handler, bodyLimit, onError: tell, date: dateOrNone, now, room, isDraining: false };
}

/** Often enough for the shortest time, and at most once a second: nobody has a timer of its own. */
function sweepIntervalMs(limits: HttpLimits): number {
  const times = Object.entries(limits).flatMap(([name, value]) => (name.endsWith('Ms') ? [Number(value)] : []));
  return Math.max(10, Math.min(1000, Math.min(...times) / 4));
}

/** Ends with the iterable or with the signal, also while the next connection is waited for. */
function acceptAll(
  connections: AsyncIterable<PeerStream>,
  accept: (connection: PeerStream) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const iterator = connections[Symbol.asyncIterator]();
  const isOver = (): boolean => signal?.aborted ?? false;
  const loop = async (): Promise<void> => {
    while (!isOver()) {
      const next = await iterator.next();
      if (next.done === true) return;
      // One that came while nobody waited for it any more.
      if (isOver()) next.value.destroy();
      else accept(next.value);
    }
    await iterator.return?.();
  };
  return new Promise((resolve, reject) => {
    const stop = (): void => resolve();
    signal?.addEventListener('abort', stop, { once: true });
    if (isOver()) stop();
    const finished = (): void => {
      signal?.removeEventListener('abort', stop);
      resolve();
    };
    loop().then(finished).catch(reject);
  });
}

class ConnectionPool {
  readonly #server: Server;
  readonly #secure: ServeHttpOptions['secure'];
  /** In the order in which they came. */
  readonly #open = new Set<HttpConnection>();
  #drainingSince: number | undefined;
  #onEmpty: (() => void) | undefined;

  constructor(server: Server, secure: ServeHttpOptions['secure']) {
    this.#server = server;
    this.#secure = secure;
  }

  add(connection: PeerStream): void {
    if (this.#open.size >= this.#server.limits.maxConnections && !this.#makeRoom()) return void connection.destroy();
    const added: HttpConnection = new HttpConnection(this.#server, connection, () => this.#closed(added));
    this.#open.add(added);
    added.start(this.#secure).catch((error: unknown) => {
      // Clients that break their handshakes are nobody's mistake.
      if (!isEnclosError(error, 'STREAM_HANDSHAKE_FAILED')) this.#server.onError(error);
      added.destroy();
    });
  }

  sweep(): void {
    const now = this.#server.now();
    const { drainTimeoutMs } = this.#server.limits;
    const isOver = this.#drainingSince !== undefined && now - this.#drainingSince > drainTimeoutMs;
    for (const connection of this.#open) {
      if (isOver) connection.destroy();
      else connection.sweep(now);
    }
  }

  drain(): void {
    this.#drainingSince = this.#server.now();
    this.#server.isDraining = true;
    for (const connection of this.#open) connection.drain();
  }

  empty(): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#onEmpty = resolve));
  }

  /** Those who connect and ask for nothing must not keep others out. */
  #makeRoom(): boolean {
    const now = this.#server.now();
    let first: HttpConnection | undefined;
    let highest = -1;
    for (const connection of this.#open) {
      const claim = connection.claimToGo(now);
      if (claim !== undefined && claim > highest) [first, highest] = [connection, claim];
    }
    first?.destroy();
    return first !== undefined;
  }

  #closed(connection: HttpConnection): void {
    this.#open.delete(connection);
    if (this.#open.size === 0) this.#onEmpty?.();
  }
}
