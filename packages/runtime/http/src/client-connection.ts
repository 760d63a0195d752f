import type { Duplex } from 'node:stream';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { misused } from './errors.ts';
import { defaultLimits } from './limits.ts';
import { ResponseReader } from './reading/response-reader.ts';
import { WholeBody } from './reading/whole-body.ts';
import { encodeRequestHead } from './writing/request.ts';

export interface HttpClientRequest {
  readonly method: string;
  /** With its query; begins with `/`, percent-encoded. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: Uint8Array | undefined;
  /** From the call to the last header of the answer. */
  readonly headTimeoutMs: number;
  /** The most bytes of the answer's body. */
  readonly maxBytes: number;
  /** Ends the connection, also while the body of the answer is taken. */
  readonly signal?: AbortSignal | undefined;
  /** The server is told that no request follows. Default: one may. */
  readonly isLast?: boolean;
}

export interface HttpClientResponse {
  /** 200 to 599. Redirects are not followed. */
  readonly status: number;
  /** By lower-case name; repeated headers are joined by `, `. */
  readonly headers: ReadonlyMap<string, string>;
  /**
   * Take all of it: the connection is free again afterwards. The server is read from only while a piece is waited for. It throws
   * HTTP_CONNECTION_BROKEN and HTTP_MESSAGE_REFUSED; leaving it early closes the connection.
   */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * All of an answer's body.
 * @param maxBytes that of its request
 * @throws as the body does
 */
export async function wholeBodyOf({ body }: Pick<HttpClientResponse, 'body'>, maxBytes: number): Promise<Uint8Array> {
  // A server may send its bytes one by one.
  const whole = new WholeBody('chunked', maxBytes);
  for await (const piece of body) whole.add(Buffer.from(piece.buffer, piece.byteOffset, piece.length));
  return whole.take();
}

/**
 * A connection for many requests, one after the other, to a server that the caller connected, secured and authenticated. Answers must have
 * a length or chunks that mark their end, because a host can end a connection anywhere. It sends no request again: after
 * HTTP_CONNECTION_BROKEN nothing tells whether the server has answered.
 *
 * @example
 * ```ts
 * import { connect } from '@enclos/enclave';
 * import { HttpClientConnection } from '@enclos/http';
 *
 * export async function ask(question: Uint8Array): Promise<number> {
 *   const connection = new HttpClientConnection(await connect('peer'), 'peer.example');
 *   const limits = { headTimeoutMs: 10_000, maxBytes: 65_536 };
 *   const { body } = await connection.send({ method: 'POST', path: '/ask', body: question, ...limits });
 *   let sizeBytes = 0;
 *   for await (const piece of body) sizeBytes += piece.length;
 *   connection.close();
 *   return sizeBytes;
 * }
 * ```
 */
export class HttpClientConnection {
  readonly #socket: Duplex;
  readonly #host: string;
  readonly #chunks: AsyncIterator<Buffer, void>;
  #isBusy = false;
  #isOver = false;
  /** The request is the last one: what follows its answer is not read. */
  #endsHere = false;

  /** @param host the value of the header `host`: a name or an address, and a port if it is not the usual one. */
  constructor(socket: Duplex, host: string) {
    this.#socket = socket;
    this.#host = host;
    // Never removed: a broken connection must not end an enclave.
    socket.on('error', () => undefined);
    socket.once('close', () => (this.#isOver = true));
    socket.once('end', () => (this.#isOver = true));
    // A server that ends the connection between two requests is noticed by looking alone.
    socket.on('readable', () => {
      if (!this.#isBusy) socket.read(0);
    });
    // A Duplex without an encoding gives buffers.
    this.#chunks = socket.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer, void>;
  }

  /** Whether it takes a request now. */
  get isFree(): boolean {
    return !this.#isBusy && this.isOpen;
  }

  get isOpen(): boolean {
    return !this.#isOver && !this.#socket.destroyed;
  }

  close(): void {
    this.#isOver = true;
    this.#socket.destroy();
  }

  /**
   * Sends a request, and resolves with the head of its answer.
   * @throws HTTP_MISUSED, also while another request has the connection; HTTP_MESSAGE_REFUSED, HTTP_CONNECTION_BROKEN, HTTP_TIMEOUT, or
   *   the signal's reason. The connection is closed then.
   */
  async send(request: HttpClientRequest): Promise<HttpClientResponse> {
    const { method, path, headers = {}, body, maxBytes, signal, isLast = false } = request;
    if (this.#isBusy) misused('The connection has another request.');
    const head = encodeRequestHead({ method, host: this.#host, path, headers, bodyBytes: body?.length, isLast });
    signal?.throwIfAborted();
    this.#isBusy = true;
    this.#endsHere = isLast;
    const pieces: Buffer[] = [];
    const reader = new ResponseReader({ ...defaultLimits, maxBodyBytes: maxBytes }, (piece) => {
      // What is read may be lent: it is written over with the next reading.
      pieces.push(Buffer.from(piece));
    });
    const stop = this.#closeOn(signal);
    try {
      // What came before it was asked for is the answer to nothing.
      if (!this.isOpen || this.#socket.readableLength > 0) throw new EnclosError('HTTP_CONNECTION_BROKEN');
      this.#socket.write(head);
      if (body !== undefined && body.length > 0) this.#socket.write(body);
      await this.#untilHead(reader, request.headTimeoutMs);
    } catch (error) {
      stop();
      throw this.#failed(error, signal);
    }
    const response = { status: reader.status, headers: reader.headers };
    return Object.freeze({ ...response, body: this.#bodyOf(reader, pieces, { stop, signal }) });
  }

  async #untilHead(reader: ResponseReader, timeoutMs: number): Promise<void> {
    if (!(timeoutMs > 0 && timeoutMs < 2 ** 31)) misused('headTimeoutMs is not a number of milliseconds below 2^31.');
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.close();
    }, timeoutMs);
    try {
      while (!reader.hasHead) {
        // Bytes are read in their order.
        // eslint-disable-next-line no-await-in-loop
        await this.#readOnce(reader);
      }
    } catch (error) {
      throw isLate ? new EnclosError('HTTP_TIMEOUT') : error;
    } finally {
      clearTimeout(timer);
    }
  }

  async *#bodyOf(
    reader: ResponseReader,
    pieces: Buffer[],
    { stop, signal }: { readonly stop: () => void; readonly signal: AbortSignal | undefined },
  ): AsyncGenerator<Uint8Array> {
    let isWhole = false;
    try {
      for (;;) {
        yield* pieces.splice(0);
        isWhole = reader.isDone;
        if (isWhole) break;
        // eslint-disable-next-line no-await-in-loop
        await this.#readOnce(reader);
      }
    } catch (error) {
      throw this.#failed(error, signal);
    } finally {
      stop();
      if (isWhole && !this.#endsHere && !this.#isLast(reader)) this.#isBusy = false;
      else this.close();
    }
  }

  #isLast(reader: ResponseReader): boolean {
    return /(?:^|,)\s*close\s*(?:,|$)/i.test(reader.headers.get('connection') ?? '');
  }

  async #readOnce(reader: ResponseReader): Promise<void> {
    const chunk = await this.#chunks.next();
    if (chunk.done === true) throw new EnclosError('HTTP_CONNECTION_BROKEN');
    if (reader.read(chunk.value) < chunk.value.length && !this.#endsHere) {
      throw new EnclosError('HTTP_MESSAGE_REFUSED', 'Bytes follow the answer.', { details: { status: 400 } });
    }
  }

  #closeOn(signal: AbortSignal | undefined): () => void {
    const close = (): void => this.close();
    signal?.addEventListener('abort', close, { once: true });
    return () => signal?.removeEventListener('abort', close);
  }

  #failed(error: unknown, signal: AbortSignal | undefined): unknown {
    this.close();
    if (signal?.aborted === true) return signal.reason;
    return isEnclosError(error) ? error : new EnclosError('HTTP_CONNECTION_BROKEN', undefined, { cause: error });
  }
}
