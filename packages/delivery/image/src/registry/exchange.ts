import { withinTime } from '@enclos/bounded';
import { ByteWriter } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { isLoopback } from './reference.ts';

/** Sends one request and follows nothing. */
export type Network = (request: Request) => Promise<Response>;

export interface ExchangeOptions {
  readonly network?: Network | undefined;
  /** From the request to the first byte of the answer, and then between two pieces of it. Default: 60 s. */
  readonly timeoutMs?: number | undefined;
}

export interface Outgoing {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
}

const mostRedirects = 5;
const defaultTimeoutMs = 60_000;
/** 50 kB/s. */
const slowestBytesPerMs = 50;

/**
 * One request and its answer, whose body is still to be read. Redirects of GET are followed, as registries need them for blobs:
 * to https, or from this machine to this machine, and without credentials as soon as the host is another one.
 * @throws OCI_REGISTRY_UNREACHABLE, OCI_REGISTRY_ANSWER_INVALID
 */
export async function exchange(outgoing: Outgoing, options: ExchangeOptions): Promise<Answer> {
  let { url, headers = {} } = outgoing;
  for (let redirects = 0; redirects <= mostRedirects; redirects += 1) {
    const answer = await sendOnce({ ...outgoing, url, headers }, options);
    const { status } = answer.response;
    if (outgoing.method !== 'GET' || status < 300 || status > 399) return answer;
    answer.discard();
    const next = redirectTarget(url, answer.response.headers.get('location'));
    if (next.origin !== url.origin) headers = withoutCredentials(headers);
    url = next;
  }
  throw answerInvalid(url, 'redirects again and again');
}

export interface Answer {
  readonly url: URL;
  readonly response: Response;
  /** The body, piece by piece. @throws OCI_REGISTRY_UNREACHABLE */
  readonly pieces: () => AsyncIterable<Uint8Array>;
  /** Releases a body that will not be read. */
  readonly discard: () => void;
}

async function sendOnce(
  { method, url, headers = {}, body }: Outgoing,
  { network = (request) => fetch(request), timeoutMs = defaultTimeoutMs }: ExchangeOptions,
): Promise<Answer> {
  const abort = new AbortController();
  // An answer to a large body comes when the body has gone out.
  const patienceMs = timeoutMs + Math.ceil((body?.length ?? 0) / slowestBytesPerMs);
  const within = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await withinTime(abort, patienceMs, work);
    } catch (cause) {
      throw unreachable(url, cause);
    }
  };
  const request = new Request(url, {
    method,
    headers,
    redirect: 'manual',
    signal: abort.signal,
    ...(body === undefined ? {} : { body }),
  });
  const response = await within(network(request));
  return Object.freeze({
    url,
    response,
    pieces: () => readPieces(response, within),
    discard: () => void response.body?.cancel().catch(() => undefined),
  });
}

async function* readPieces(
  response: Response,
  within: <T>(work: Promise<T>) => Promise<T>,
): AsyncGenerator<Uint8Array> {
  // The types of Node leave the chunk open; the standard does not (Fetch, section 2.2.4).
  const body = response.body as ReadableStream<Uint8Array> | null;
  if (body === null) return;
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await within(reader.read());
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

function redirectTarget(from: URL, location: string | null): URL {
  if (location === null || !URL.canParse(location, from.href)) throw answerInvalid(from, 'redirects to no address');
  const to = new URL(location, from);
  const isLocal = isLoopback(from.hostname) && isLoopback(to.hostname) && to.protocol === 'http:';
  if (
    (to.protocol !== 'https:' && !isLocal) ||
    to.username !== '' ||
    (!isLoopback(from.hostname) && isLoopback(to.hostname))
  ) {
    throw answerInvalid(from, `redirects to ${to.origin}`);
  }
  return to;
}

function withoutCredentials(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization'));
}

function unreachable(url: URL, cause: unknown): EnclosError {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const reason = inner instanceof Error ? inner.message.replace(/\.$/, '') : 'unknown';
  return new EnclosError('OCI_REGISTRY_UNREACHABLE', `${url.origin} cannot be reached: ${reason}.`, {
    details: { registry: url.origin },
    cause,
  });
}

export function answerInvalid(url: URL, what: string): EnclosError {
  return new EnclosError('OCI_REGISTRY_ANSWER_INVALID', `${url.origin} ${what}.`, {
    details: { registry: url.origin },
  });
}

/** A small body, whole. @throws OCI_REGISTRY_ANSWER_INVALID when it is longer than `maxBytes` */
export async function readBody({ url, pieces }: Answer, maxBytes: number): Promise<Uint8Array> {
  // Not a list of pieces: a server that sends single bytes must not cost an object for each.
  const bytes = new ByteWriter({ maxBytes });
  for await (const piece of pieces()) {
    if (bytes.length + piece.length > maxBytes) throw answerInvalid(url, `answers with more than ${maxBytes} bytes`);
    bytes.bytes(piece);
  }
  return bytes.finish();
}
