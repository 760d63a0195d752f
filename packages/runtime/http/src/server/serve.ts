import type { TLSSocket } from 'node:tls';
import { createBodyRoom } from '@enclos/bounded';
import { processClock, type HttpClock } from '../clock.ts';
import { ConnectionPool } from './pool.ts';
import { limitsOf, type HttpLimits } from '../limits.ts';
import { createDateField } from '../writing/date-field.ts';
import type { Server } from './session.ts';
import type {
  BodyLimit,
  HttpHandler,
  HttpRequestHead,
  PeerStream,
  PeerStreams,
  StreamedHttpHandler,
} from '../types.ts';

export interface ServeHttpOptions {
  /**
   * Ends TLS on a connection: what `tlsServer` returns, with `alpnProtocols: ['http/1.1']`. `undefined` serves without
   * TLS: the host then reads and changes everything. When it resolves with undefined, the client did not complete its part, and its
   * connection is closed: `secure` of an attested server (`@enclos/atls`) does so.
   */
  readonly secure: ((connection: PeerStream) => Promise<TLSSocket | undefined>) | undefined;
  /** Answers requests, whose body it gets whole. */
  readonly handler: HttpHandler;
  /**
   * Chooses a handler that takes the body of a request in pieces, by the head of the request: an upload, for example.
   * `undefined` leaves the request to `handler`. It must not throw.
   */
  readonly streamed?: ((head: HttpRequestHead) => StreamedHttpHandler | undefined) | undefined;
  /** Limits that are not named are as in `defaultHttpLimits`. */
  readonly limits?: Partial<HttpLimits> | undefined;
  /** For servers whose paths take bodies of different sizes. Default: `maxBodyBytes`, and `maxStreamedBodyBytes` for `streamed`. */
  readonly bodyLimit?: BodyLimit | undefined;
  /**
   * Learns what a handler threw while its client waited, which of its answers were not responses, and failures of `secure`
   * other than handshakes. Clients never learn these. Errors that it throws are ignored.
   */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** When it aborts, the server accepts no more connections, answers requests that have begun, and then ends. */
  readonly signal?: AbortSignal | undefined;
  /** For the header `date` (RFC 9110 section 6.6.1). Default: no such header, since the host sets an enclave's clock. */
  readonly date?: (() => Date) | undefined;
  /** The clock for all times. Default: the clock of the process. */
  readonly clock?: HttpClock | undefined;
}

/**
 * Serves HTTP/1.1 on every connection of an iterable, `listen(name)` for example. Resolves when the iterable has ended,
 * or the signal has aborted, and the last connection is closed.
 * @example
 * ```ts
 * import { createTlsIdentity, listen, tlsServer } from '@enclos/enclave';
 * import { serveHttp } from '@enclos/http';
 *
 * const secure = tlsServer(createTlsIdentity('api.example'));
 * export const serve = (signal: AbortSignal): Promise<void> =>
 *   serveHttp(listen('api'), { secure, signal, handler: ({ path }) => ({ status: 200, body: path }) });
 * ```
 * @throws HTTP_MISUSED for a limit that is not a number; what the iterable throws, after the connections are closed.
 */
export async function serveHttp(connections: PeerStreams, options: ServeHttpOptions): Promise<void> {
  const { signal, clock = processClock } = options;
  const limits = withRoomToArrive(limitsOf(options.limits), connections.maxConnections);
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
    // When the iterable ends by itself, open connections continue until their clients end them.
    await pool.empty();
    signal?.removeEventListener('abort', drain);
    stopSweeping();
  }
}

function serverOf(
  { handler, streamed, bodyLimit, onError, date }: ServeHttpOptions,
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
  const dateField = createDateField(dateOrNone);
  return { limits, handler, streamed, bodyLimit, onError: tell, dateField, now, room, isDraining: false };
}

/**
 * A connection that must not keep others out is closed when another one arrives. So fewer may be open than the source gives,
 * or none would arrive.
 */
function withRoomToArrive(limits: HttpLimits, sourceConnections: number | undefined): HttpLimits {
  if (sourceConnections === undefined) return limits;
  const most = Math.max(1, sourceConnections - Math.ceil(sourceConnections / 16));
  return { ...limits, maxConnections: Math.min(limits.maxConnections, most) };
}

/** Often enough for the shortest timeout, and at most once a second: connections have no timers. */
function sweepIntervalMs(limits: HttpLimits): number {
  const times = Object.entries(limits).flatMap(([name, value]) => (name.endsWith('Ms') ? [Number(value)] : []));
  return Math.max(10, Math.min(1000, Math.min(...times) / 4));
}

/** Ends with the iterable or with the signal, even while it waits for the next connection. */
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
      // It arrived after the end.
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
