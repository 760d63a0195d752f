import type { Duplex } from 'node:stream';

/** One connection of a peer: the bytes in both directions, and where it comes from. What `listen` of an enclave gives is one. */
export interface PeerStream extends Duplex {
  /** Address, blank, port; `''` when it is not known. Inside an enclave it is the host's word: for logs and shares, not more. */
  readonly remoteAddress: string;
}

/** What a client asks for: whole, checked, and in memory. */
export interface HttpRequest {
  /** `GET`, `HEAD`, `POST`, `PUT`, `PATCH`, `DELETE` or `OPTIONS`. */
  readonly method: string;
  /** As it was sent: begins with `/`, percent-encoded, dots and all, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /**
   * By lower-case name. Repeated ones are joined by `, `. Where repetition is an attack (host, content-length,
   * transfer-encoding, authorization, content-type) the request was refused. Bytes above 127 are characters of latin1.
   */
  readonly headers: ReadonlyMap<string, string>;
  /** Empty when there is none. */
  readonly body: Uint8Array;
  /** Where the connection comes from: the host's word, for logs and nothing else. */
  readonly remoteAddress: string;
  /**
   * The certificate, in DER, whose key the TLS client proved to have. Nobody has judged it: who signed it, whether it
   * is of today and what it may be used for is for the handler to say. Undefined without TLS, when the server asks for
   * none (`clientCertificates` of `tlsServer`) and when the client gave none.
   */
  readonly clientCertificate: Uint8Array | undefined;
  /** What the client sent behind its certificate, in its order, in DER. Empty on resumed sessions of TLS. */
  readonly clientCertificateChain: readonly Uint8Array[];
}

export interface HttpResponse {
  /** 200 to 599. */
  readonly status: number;
  /** Without those of the connection and of lengths, which are set for you. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** A string goes as UTF-8. Not sent to HEAD, and not with 204 and 304. */
  readonly body?: Uint8Array | string | undefined;
}

/**
 * Answers one request. When it throws, the client is told 500 and nothing else.
 * @param options.signal aborts when the client is gone, or has ended its side, and when the request took too long.
 */
export type HttpHandler = (
  request: HttpRequest,
  options: { readonly signal: AbortSignal },
) => Promise<HttpResponse> | HttpResponse;

/** What is known of a request before its body comes. */
export type HttpRequestHead = Pick<HttpRequest, 'method' | 'path' | 'headers'>;

/** How many bytes the body of a request may have. Numbers above `maxBodyBytes` count as that. It must not throw. */
export type BodyLimit = (head: HttpRequestHead) => number;
