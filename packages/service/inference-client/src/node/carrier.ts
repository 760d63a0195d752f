import '../errors.ts';
import { Agent as HttpAgent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { Readable } from 'node:stream';
import type { OuterFetch } from '../outer-http.ts';
import { misused } from '../refusal.ts';

/** What carries sealed requests over connections that are kept. */
export interface SealedCarrier {
  /** For `fetch` of `createInferenceClient`, and for nothing else: it takes any certificate. */
  readonly fetch: OuterFetch;
  /** Closes the connections. */
  close(): void;
}

/**
 * Carries sealed requests to a service whose certificate no authority signed, as one that ends TLS inside its enclave has. Evidence and
 * seal protect what is sent, so any certificate is taken; TLS then hides the lengths of requests from those who only listen.
 *
 * Give it to clients whose transport is sealed, and to no others.
 *
 * @example
 * import { createInferenceClient, type InferenceClient, type ReportAppraiser } from '@enclos/inference-client';
 * import { createSealedCarrier } from '@enclos/inference-client/node';
 *
 * export function clientOf(appraise: ReportAppraiser): InferenceClient {
 *   return createInferenceClient({ url: 'https://10.0.0.7:8443', appraise, fetch: createSealedCarrier().fetch });
 * }
 */
export function createSealedCarrier(): SealedCarrier {
  const plain = new HttpAgent({ keepAlive: true });
  // HTTP/1.1 alone is spoken here.
  const secure = new HttpsAgent({ keepAlive: true, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] });
  const begin: Begin = (url, options) =>
    new URL(url).protocol === 'https:'
      ? httpsRequest(url, { ...options, agent: secure })
      : httpRequest(url, { ...options, agent: plain });
  return Object.freeze<SealedCarrier>({
    async fetch(url, init) {
      const sent = { url, init, body: wholeBody(init.body) };
      try {
        return await carry(begin, sent);
      } catch (error) {
        // The server closed a kept connection while the request was on its way. If it arrived after all, it is refused as a copy.
        if (!(error instanceof StaleConnectionError)) throw error;
        return carry(begin, sent);
      }
    },
    close() {
      plain.destroy();
      secure.destroy();
    },
  });
}

type Begin = (
  url: string,
  options: { readonly method: string; readonly headers: Record<string, string> },
) => ClientRequest;

interface OutgoingRequest {
  readonly url: string;
  readonly init: RequestInit;
  readonly body: Uint8Array | undefined;
}

class StaleConnectionError extends Error {}

async function carry(begin: Begin, { url, init, body }: OutgoingRequest): Promise<Response> {
  const { method = 'GET', headers, signal } = init;
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const request = begin(url, { method, headers: Object.fromEntries(new Headers(headers)) });
    let answer: IncomingMessage | undefined;
    const abort = (): void => {
      // What aborts gives a reason, which `fetch` of the platform rejects with too.
      const reason = signal?.reason as Error;
      (answer ?? request).destroy(reason);
    };
    signal?.addEventListener('abort', abort, { once: true });
    request.once('close', () => {
      signal?.removeEventListener('abort', abort);
      // After 101 there is neither an answer nor an error.
      reject(new Error('The connection ended without an answer.'));
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      const isLost = request.reusedSocket && error.code === 'ECONNRESET' && answer === undefined;
      reject(isLost ? new StaleConnectionError('The connection was closed.', { cause: error }) : error);
    });
    request.once('response', (response) => {
      answer = response;
      try {
        resolve(responseOf(response));
      } catch (error) {
        // The parser takes any three digits for a status, and an exception in a listener would end the program.
        response.destroy();
        reject(error instanceof Error ? error : new Error('The head of the answer is not valid.', { cause: error }));
      }
    });
    request.end(body);
  });
}

const withoutBody: ReadonlySet<number | undefined> = new Set([204, 205, 304]);

function responseOf(message: IncomingMessage): Response {
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(message.headersDistinct)) {
    for (const value of values) headers.append(name, value);
  }
  const init = { status: message.statusCode ?? 500, headers };
  if (!withoutBody.has(message.statusCode)) return new Response(Readable.toWeb(message), init);
  message.resume();
  return new Response(null, init);
}

/** The client sends requests whole. */
function wholeBody(body: RequestInit['body']): Uint8Array | undefined {
  if (body === undefined || body === null) return undefined;
  return body instanceof Uint8Array ? body : misused('Only bytes are carried.');
}
