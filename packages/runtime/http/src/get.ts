import type { Duplex } from 'node:stream';
import { EnclosError } from '@enclos/errors';
import { HttpClientConnection, wholeBodyOf } from './client-connection.ts';
import { misused } from './errors.ts';

export interface HttpGetOptions {
  /** The value of the header `host`: a name or an address, and a port if it is not the usual one. */
  readonly host: string;
  /** With its query; begins with `/`, percent-encoded. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** The limit for the whole request, from the call to the last byte. */
  readonly timeoutMs: number;
  /** The most bytes of the body. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpGetResponse {
  /** 200 to 599. Redirects are not followed. */
  readonly status: number;
  /** By lower-case name; repeated headers are joined by `, `. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
}

/**
 * Sends one request over a stream that the caller connected, secured and authenticated, and closes it. The body must have a
 * length or chunks that mark its end, because the host can end a connection anywhere.
 * @throws HTTP_MISUSED, HTTP_MESSAGE_REFUSED, HTTP_CONNECTION_BROKEN, HTTP_TIMEOUT, or the signal's reason.
 */
export async function httpGet(socket: Duplex, options: HttpGetOptions): Promise<HttpGetResponse> {
  const { host, path, headers, timeoutMs, maxBytes, signal } = options;
  const connection = new HttpClientConnection(socket, host);
  const late = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  try {
    if (!(timeoutMs > 0 && timeoutMs < 2 ** 31)) misused('timeoutMs is not a number of milliseconds below 2^31.');
    if (!Number.isSafeInteger(maxBytes) || maxBytes < 0) misused('maxBytes is not a number of bytes.');
    timer = setTimeout(() => late.abort(new EnclosError('HTTP_TIMEOUT')), timeoutMs);
    const either = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]);
    const limits = { headTimeoutMs: timeoutMs, maxBytes, signal: either };
    const response = await connection.send({ method: 'GET', path, headers, ...limits, isLast: true });
    return { status: response.status, headers: response.headers, body: await wholeBodyOf(response, maxBytes) };
  } finally {
    clearTimeout(timer);
    connection.close();
  }
}
