import './errors.ts';
import { concatBytes } from '@enclos/codec';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { misused, refuseAnswer } from './refusal.ts';

/** What carries sealed requests: `fetch` of the platform unless given. */
export type OuterFetch = (url: string, init: RequestInit) => Promise<Response>;

/** The address of a service, and how to reach it. */
export class ServiceAddress {
  /** Ends with a slash. */
  readonly base: URL;
  readonly #fetch: OuterFetch;
  /** The last path, and its address: sealed requests all go to the same one, and reading it takes as long as encrypting them. */
  #last: { readonly path: string; readonly href: string } | undefined;

  constructor(url: string | URL, fetch: OuterFetch = async (address, init) => globalThis.fetch(address, init)) {
    this.base = new URL(url);
    if (!/^https?:$/.test(this.base.protocol) || this.base.search !== '' || this.base.hash !== '') {
      misused('The address of the service is not an HTTP address without a query.');
    }
    if (!this.base.pathname.endsWith('/')) this.base.pathname += '/';
    this.#fetch = fetch;
  }

  /**
   * The path inside a sealed request for an address of the service. An address of another server is refused: what was meant for the
   * enclave is not sent elsewhere.
   *
   * @throws INFERENCE_CLIENT_MISUSED
   */
  pathOf(address: string): string {
    const { origin, pathname, search } = new URL(address);
    if (origin !== this.base.origin || !pathname.startsWith(this.base.pathname)) {
      return misused('The address of the request is not one of the service.');
    }
    return `/${pathname.slice(this.base.pathname.length)}${search}`;
  }

  /** @throws INFERENCE_SERVICE_UNREACHABLE; what the signal says when it aborts, and what a fetch refuses that attests. */
  async send(path: string, init: RequestInit): Promise<Response> {
    try {
      // A redirect would let the host choose another server, and a cookie would name the client.
      return await this.#fetch(this.#hrefOf(path), {
        ...init,
        redirect: 'error',
        credentials: 'omit',
        referrerPolicy: 'no-referrer',
      });
    } catch (error) {
      if (init.signal?.aborted === true || isEnclosError(error)) throw error;
      throw new EnclosError('INFERENCE_SERVICE_UNREACHABLE', undefined, { cause: error });
    }
  }

  #hrefOf(path: string): string {
    const last = this.#last?.path === path ? this.#last : { path, href: new URL(`.${path}`, this.base).href };
    this.#last = last;
    return last.href;
  }
}

/**
 * Work with the service that no caller can end, since several may wait for it.
 * @throws INFERENCE_SERVICE_UNREACHABLE when the time is over, and what the work throws
 */
export async function withinTime<T>(timeoutMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    return await work(signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    const message = `The service did not answer within ${timeoutMs} ms.`;
    throw new EnclosError('INFERENCE_SERVICE_UNREACHABLE', message, { cause: error });
  }
}

/** The bytes of a body as they arrive. */
export class BodyPieces {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #isOver: boolean;

  constructor(body: ReadableStream<Uint8Array> | null) {
    this.#reader = body?.getReader();
    this.#isOver = this.#reader === undefined;
  }

  /** Undefined at the end. @throws INFERENCE_SERVICE_UNREACHABLE for a connection that breaks */
  async next(): Promise<Uint8Array | undefined> {
    if (this.#reader === undefined || this.#isOver) return undefined;
    try {
      const { done, value } = await this.#reader.read();
      this.#isOver = done;
      return value;
    } catch (error) {
      this.#isOver = true;
      if (error instanceof DOMException) throw error;
      throw new EnclosError('INFERENCE_SERVICE_UNREACHABLE', 'The connection broke in the middle of a body.', {
        cause: error,
      });
    }
  }

  /** The rest is not wanted. */
  async cancel(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    await this.#reader?.cancel();
  }
}

/** A whole body. @throws INFERENCE_ANSWER_REFUSED above the bound */
export async function readBody(body: ReadableStream<Uint8Array> | null, maxBytes: number): Promise<Uint8Array> {
  const arriving = new BodyPieces(body);
  const pieces: Uint8Array[] = [];
  let sizeBytes = 0;
  for (;;) {
    // Pieces are read in their order.
    // eslint-disable-next-line no-await-in-loop
    const piece = await arriving.next();
    if (piece === undefined) return concatBytes(...pieces);
    sizeBytes += piece.length;
    if (sizeBytes > maxBytes) {
      // eslint-disable-next-line no-await-in-loop
      await arriving.cancel();
      return refuseAnswer(`A body has more than ${maxBytes} bytes.`);
    }
    pieces.push(piece);
  }
}

/**
 * What an unsealed answer says. It may come from the host, so that only its status counts.
 *
 * @throws HPKE_KEY_STALE for 422, HPKE_OPEN_FAILED for 400, which is also said of a former key whose id came again, HPKE_SESSION_GONE for 410, INFERENCE_SERVICE_UNREACHABLE for 421, 429 and from 500 on, and
 * INFERENCE_ANSWER_REFUSED for all else.
 */
export function refuseUnsealed({ status }: Pick<Response, 'status'>): never {
  if (status === 422) throw new EnclosError('HPKE_KEY_STALE');
  if (status === 400) throw new EnclosError('HPKE_OPEN_FAILED');
  if (status === 410) throw new EnclosError('HPKE_SESSION_GONE');
  const details = { status };
  if ([421, 429].includes(status) || status >= 500) {
    throw new EnclosError('INFERENCE_SERVICE_UNREACHABLE', undefined, { details });
  }
  throw new EnclosError('INFERENCE_ANSWER_REFUSED', 'The answer is not sealed.', { details });
}

/** Bytes as `fetch` takes them: its type wants a buffer that nothing shares. */
export function bodyOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, length } = bytes;
  return buffer instanceof ArrayBuffer ? new Uint8Array(buffer, byteOffset, length) : new Uint8Array(bytes);
}
