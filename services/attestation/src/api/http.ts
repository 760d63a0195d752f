/** What a client asks for: whole, checked, and in memory. The shapes are those of `@enclos/enclave/http`. */
export interface HttpRequest {
  readonly method: string;
  /** As it was sent: begins with `/`, percent-encoded, dots and all, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  /** Empty when there is none. */
  readonly body: Uint8Array;
  /** The host's word, for logs and nothing else. */
  readonly remoteAddress: string;
  /** In DER; the client proved to have its key, and nobody has judged it. */
  readonly clientCertificate: Uint8Array | undefined;
  readonly clientCertificateChain: readonly Uint8Array[];
}

export interface HttpResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: Uint8Array | string | undefined;
}

/** Answers one request. `createApi`'s never rejects. */
export type HttpHandler = (request: HttpRequest) => Promise<HttpResponse>;
