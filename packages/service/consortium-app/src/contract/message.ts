/** A request as it arrived, whole and bounded. Nothing in it was judged. */
export interface AppRequest {
  /** In capitals. */
  readonly method: string;
  /** As it was sent, percent-encoded, without the query. */
  readonly path: string;
  /** As it was sent, without its `?`. */
  readonly query: string;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
  /** The certificate, in DER, whose key the TLS client proved to have. */
  readonly certificate?: Uint8Array | undefined;
  /** The address of the client, as the transport tells it, with or without a port. Those without one count as one client. */
  readonly address?: string | undefined;
}

export interface AppAnswer {
  readonly status: number;
  /** By lower-case name. Without `content-length`. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
}
