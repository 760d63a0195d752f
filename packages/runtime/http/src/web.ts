// What `@enclos/http/web` exports: handlers of the web standard for `serveHttp`.
import './errors.ts';
import { misused } from './errors.ts';
import type { ServeHttpOptions } from './server/serve.ts';
import type { HttpCall, HttpRequestHead, HttpResponse, ReceivedRequest } from './types.ts';
import { connectionFields, refusal } from './writing/response.ts';
import { takeBody } from './writing/web-body.ts';

/** What a request says about its connection, beside what a `Request` has. */
export interface WebPeer {
  /** Address, space, port; `''` when it is not known. Inside an enclave the host reports it: use it for logs and shares only. */
  readonly remoteAddress: string;
  /** DER; as in {@link HttpRequest}. The server does not judge it. */
  readonly clientCertificate: Uint8Array | undefined;
  readonly clientCertificateChain: readonly Uint8Array[];
}

/**
 * Answers one request (Fetch, https://fetch.spec.whatwg.org): `app.fetch` of Hono and of other frameworks is such a function.
 * When it throws, the client gets only a 500.
 */
export type WebHandler = (request: Request, peer: WebPeer) => Response | Promise<Response>;

export interface WebHandlerOptions {
  /** The scheme in `request.url`. Default: `https`. The host in it is the one that the client names. */
  readonly scheme?: 'http' | 'https' | undefined;
  /**
   * Chooses the requests whose body arrives while the handler works, by their head: an upload, for example. Their bodies may have
   * `maxStreamedBodyBytes` (1 GiB), and do not count in `maxBodyBytesAtOnce`: take them piece by piece, and not by `text()`. Default:
   * none, so that every body is whole and bounded before the handler is called. It must not throw.
   */
  readonly streams?: ((head: HttpRequestHead) => boolean) | undefined;
}

const bodyless = new Set(['GET', 'HEAD']);

/**
 * Makes a handler of the web standard into what `serveHttp` takes. The body of an answer is sent as it is made; an answer that is
 * complete at once gets a `content-length`. Fields of the connection in an answer (`connection`, `transfer-encoding`,
 * `content-length`, `date` and the like) are left out, because the server sets them.
 *
 * A GET or HEAD with a body gets 400, because a `Request` cannot hold it; so does a host that is not in a URL. So does a path with
 * segments of dots (`/files/../login`): a URL has none, and `streams` would judge one path and the handler serve another.
 * @example
 * ```ts
 * import { createTlsIdentity, listen, tlsServer } from '@enclos/enclave';
 * import { serveHttp } from '@enclos/http';
 * import { webHandlers } from '@enclos/http/web';
 *
 * const secure = tlsServer({ ...createTlsIdentity('api.example'), alpnProtocols: ['http/1.1'] });
 * const hello = (request: Request): Response => new Response(`hello ${new URL(request.url).pathname}`);
 * export const serve = (): Promise<void> => serveHttp(listen('api'), { secure, ...webHandlers(hello) });
 * ```
 */
export function webHandlers(
  handler: WebHandler,
  { scheme = 'https', streams }: WebHandlerOptions = {},
): Pick<ServeHttpOptions, 'handler' | 'streamed'> {
  const answer = async (
    received: ReceivedRequest,
    body: RequestInit['body'],
    call: HttpCall,
  ): Promise<HttpResponse> => {
    if (hasDots(received)) return badRequest('The path has segments of dots.');
    const url = urlOf(received, scheme);
    if (url === undefined) return badRequest('The host is not one that a URL can have.');
    const isBodyless = bodyless.has(received.method);
    if (isBodyless && body !== undefined) return badRequest(`A ${received.method} with a body is not served.`);
    const request = new Request(url, {
      method: received.method,
      headers: [...received.headers],
      // Fetch, section 5.3: the answer may come before the body is sent, and Node asks to hear so.
      ...(body === undefined ? {} : { body, duplex: 'half' }),
    });
    // Given to the constructor, the signal would cost more than the rest of the request, whether it is used or not.
    Object.defineProperty(request, 'signal', { get: () => call.signal });
    const { remoteAddress, clientCertificate, clientCertificateChain } = received;
    return answerOf(await handler(request, { remoteAddress, clientCertificate, clientCertificateChain }));
  };
  return {
    handler: (request, call) => answer(request, request.body.length === 0 ? undefined : request.body, call),
    ...(streams === undefined
      ? {}
      : {
          streamed: (head) =>
            bodyless.has(head.method) || hasDots(head) || !streams(head)
              ? undefined
              : (request, call) => answer(request, ReadableStream.from(request.body), call),
        }),
  };
}

/** Segments that a URL would take out (WHATWG URL, single-dot and double-dot segments). */
function hasDots({ path }: HttpRequestHead): boolean {
  return /\/(?:\.|%2e){1,2}(?:\/|$)/i.test(path);
}

/** @returns undefined for a host that HTTP allows and a URL does not, such as `300.0.0.1`. */
function urlOf({ path, search, headers }: ReceivedRequest, scheme: string): string | undefined {
  // Only HTTP/1.0 may leave the host out (RFC 9112 section 3.2).
  const url = `${scheme}://${headers.get('host') ?? 'host.invalid'}${path}${search}`;
  return URL.canParse(url) ? url : undefined;
}

function badRequest(text: string): HttpResponse {
  return { ...refusal(400), body: `${text}\n` };
}

/** @throws HTTP_MISUSED for what is not an answer. */
async function answerOf(response: Response): Promise<HttpResponse> {
  // What an untyped handler may return.
  if (!((response as unknown) instanceof Response)) misused('The handler did not return a Response.');
  if (response.type === 'error') misused('The handler returned an error response, which cannot be sent.');
  const { status } = response;
  const headers: Record<string, string> = {};
  for (const [name, value] of response.headers) {
    // Each cookie has its line: a comma may be part of one (RFC 6265 section 3).
    if (!connectionFields.has(name) && name !== 'set-cookie') headers[name] = value;
  }
  const cookies = response.headers.getSetCookie();
  return { status, headers, cookies, body: await takeBody(response) };
}
