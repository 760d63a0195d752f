import type { Duplex } from 'node:stream';

/** One connection of a peer: the bytes in both directions, and its address. `listen` of an enclave gives these. */
export interface PeerStream extends Duplex {
  /**
   * Address, space, port; `''` when it is not known. Inside an enclave the host reports it: use it for logs and shares only.
   */
  readonly remoteAddress: string;
}

/** Connections as they arrive: what `listen` of an enclave returns, for example. */
export interface PeerStreams extends AsyncIterable<PeerStream> {
  /** The most that are open at once: the next ones do not arrive before one of them ends. Default: no such bound. */
  readonly maxConnections?: number | undefined;
}

/** The head of a request. */
export interface HttpRequestHead {
  /** `GET`, `HEAD`, `POST`, `PUT`, `PATCH`, `DELETE` or `OPTIONS`. */
  readonly method: string;
  /** As it was sent: begins with `/`, percent-encoded, with its dots and without the query. */
  readonly path: string;
  /**
   * By lower-case name. Repeated fields are joined by `, `. Where repetition is an attack (host, content-length,
   * transfer-encoding, authorization, content-type) the request was refused. Bytes above 127 are characters of latin1.
   */
  readonly headers: ReadonlyMap<string, string>;
}

/** The common part of both kinds of requests. */
export interface ReceivedRequest extends HttpRequestHead {
  readonly query: URLSearchParams;
  /** The query as it was sent, with its `?`; empty when there is none. */
  readonly search: string;
  /** Where the connection comes from, as `remoteAddress` of {@link PeerStream}. */
  readonly remoteAddress: string;
  /**
   * The certificate, in DER, whose key the TLS client proved to have. The server does not judge it: the handler decides
   * which issuers, dates and purposes it accepts. Undefined without TLS, when the server does not ask for one
   * (`clientCertificates` of `tlsServer`), and when the client did not give one.
   */
  readonly clientCertificate: Uint8Array | undefined;
  /** The certificates that the client sent after its own, in its order, in DER. Empty on resumed sessions of TLS. */
  readonly clientCertificateChain: readonly Uint8Array[];
}

/** A request of a client: whole, checked, and in memory. */
export interface HttpRequest extends ReceivedRequest {
  /** Empty when there is none. */
  readonly body: Uint8Array;
}

/** A request whose body is still to come. */
export interface StreamedHttpRequest extends ReceivedRequest {
  /**
   * The body in pieces, once. The server reads from the client only while the handler waits for a piece. It throws
   * HTTP_MESSAGE_REFUSED for a malformed body and for one above its limit, HTTP_TIMEOUT when the client stops sending, and
   * HTTP_CONNECTION_BROKEN when the client leaves; HTTP_MISUSED for a second iteration.
   */
  readonly body: AsyncIterable<Uint8Array>;
}

export interface HttpResponse {
  /** 200 to 599. */
  readonly status: number;
  /** Without the fields for the connection and for lengths, which are set for you. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Values of `set-cookie`, the one field that needs a line for each (RFC 6265 section 3). */
  readonly cookies?: readonly string[] | undefined;
  /**
   * A string goes as UTF-8. Not sent to HEAD, and not with 204 and 304. An async iterable is sent piece by piece, as fast as
   * the client takes it: in chunks, or until the end of the connection for a client of HTTP/1.0. When it throws, the connection
   * is broken, so the client can tell that the body is not complete. When the client leaves, its `return` is called.
   */
  readonly body?: Uint8Array | string | AsyncIterable<Uint8Array | string> | undefined;
}

/** What a handler learns about its client while it works. */
export interface HttpCall {
  /** Aborts when the client leaves or ends its side, and when the request takes too long. */
  readonly signal: AbortSignal;
}

/** Answers one request. When it throws, the client gets only a 500. */
export type HttpHandler = (request: HttpRequest, call: HttpCall) => Promise<HttpResponse> | HttpResponse;

/** As {@link HttpHandler}, but called as soon as the head of the request has arrived. */
export type StreamedHttpHandler = (
  request: StreamedHttpRequest,
  call: HttpCall,
) => Promise<HttpResponse> | HttpResponse;

/**
 * How many bytes the body of a request may have. Numbers above the limit of the server count as that limit. It must not throw.
 */
export type BodyLimit = (head: HttpRequestHead) => number;
