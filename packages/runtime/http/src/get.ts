import type { Duplex } from 'node:stream';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { misused } from './errors.ts';
import { defaultLimits } from './limits.ts';
import { ResponseReader } from './reading/response-reader.ts';
import { encodeRequestHead } from './writing/request.ts';

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
  const { timeoutMs, maxBytes, signal } = options;
  // Never removed: a broken connection must not end an enclave.
  socket.on('error', () => undefined);
  try {
    const request = encodeGet(options);
    signal?.throwIfAborted();
    const reader = new ResponseReader({ ...defaultLimits, maxBodyBytes: maxBytes });
    await answered(socket, { request, reader, timeoutMs, signal });
    return { status: reader.status, headers: reader.headers, body: reader.takeBody() };
  } finally {
    socket.destroy();
  }
}

function encodeGet({ host, path, headers = {}, timeoutMs, maxBytes }: HttpGetOptions): Buffer {
  if (!(timeoutMs > 0 && timeoutMs < 2 ** 31)) misused('timeoutMs is not a number of milliseconds below 2^31.');
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 0) misused('maxBytes is not a number of bytes.');
  return encodeRequestHead({ method: 'GET', host, path, headers, bodyBytes: undefined, isLast: true });
}

interface Exchange {
  readonly request: Buffer;
  readonly reader: ResponseReader;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Resolves when the reader has the whole answer. */
async function answered(socket: Duplex, { request, reader, timeoutMs, signal }: Exchange): Promise<void> {
  let stop = (): void => undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const broken = (cause?: unknown): void => reject(new EnclosError('HTTP_CONNECTION_BROKEN', undefined, { cause }));
      const read = (chunk: Buffer): void => {
        try {
          reader.read(chunk);
          if (reader.isDone) resolve();
        } catch (error) {
          if (isEnclosError(error)) reject(error);
          else broken(error);
        }
      };
      const timer = setTimeout(() => reject(new EnclosError('HTTP_TIMEOUT')), timeoutMs);
      const aborted = (): void => reject(signal?.reason as Error);
      signal?.addEventListener('abort', aborted);
      stop = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', aborted);
        socket.off('data', read).off('end', broken).off('close', broken).off('error', broken);
      };
      socket.on('data', read).once('end', broken).once('close', broken).once('error', broken);
      if (socket.destroyed) broken();
      socket.write(request);
    });
  } finally {
    stop();
  }
}
