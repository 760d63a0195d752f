/** What any client of the webhook can take of it. */
export interface Limits {
  /** The bytes of one body. */
  readonly maxBodyBytes: number;
  /**
   * The bytes of all bodies that are being received. Half of it, divided by `maxConnections`, is the own room of each body; the
   * other half is shared.
   */
  readonly maxHeldBytes: number;
  /** A body that comes more slowly is dropped when another one needs the shared room that it has. */
  readonly minBytesPerSecond: number;
  readonly maxConnections: number;
  /** From the connection to the end of the TLS handshake. */
  readonly handshakeMs: number;
  /** From the handshake, or the begin of a request, to the end of its headers. */
  readonly headersMs: number;
  /** To the end of its body, however steadily it comes. */
  readonly requestMs: number;
  /** Without a byte in either direction within a request. */
  readonly silenceMs: number;
  /** Between requests. */
  readonly idleMs: number;
}

const mebibyte = 1024 * 1024;

export const defaultLimits: Limits = Object.freeze({
  // etcd keeps nothing above 1.5 MiB; the review around the object is small, and the object comes once on CREATE.
  maxBodyBytes: 2 * mebibyte,
  // Of each connection 32 KiB, above what most reviews come to.
  maxHeldBytes: 32 * mebibyte,
  minBytesPerSecond: mebibyte / 4,
  maxConnections: 512,
  handshakeMs: 5000,
  headersMs: 5000,
  // The webhook configuration gives a review 5 seconds.
  requestMs: 10_000,
  silenceMs: 10_000,
  // Longer than the 90 seconds of Go's client, so that the API server closes first and never posts into a closing connection.
  idleMs: 120_000,
});
