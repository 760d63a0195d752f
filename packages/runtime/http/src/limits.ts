import { misused } from './errors.ts';

/** The resources that one client, and all clients together, may take. Times are in milliseconds. */
export interface HttpLimits {
  /**
   * Connections of this server at once, or fifteen sixteenths of what its listener has if that is less. The rest of an enclave's
   * 256 streams is for `connect` and other servers.
   */
  readonly maxConnections: number;
  readonly maxRequestsPerConnection: number;
  /** Bound on the target in the request line. */
  readonly maxUrlBytes: number;
  /** Bound on all header lines together, and separately on the trailers of a chunked body. */
  readonly maxHeaderBytes: number;
  readonly maxHeaders: number;
  /** Bound on a body that the handler gets whole. */
  readonly maxBodyBytes: number;
  /** Bound on a body that the handler takes in pieces. It is never in memory as a whole. */
  readonly maxStreamedBodyBytes: number;
  /**
   * Bound on the unfinished and unanswered bodies of all connections together. Half of it, divided by `maxConnections`, is
   * reserved for each body; the other half is shared.
   */
  readonly maxBodyBytesAtOnce: number;
  /** A body that arrives more slowly loses its part of the shared room as soon as another body needs it. */
  readonly minBodyBytesPerSecond: number;
  /** From the connection to the end of the TLS handshake. */
  readonly handshakeTimeoutMs: number;
  /** From the handshake, or the first byte of a later request, to the last header. */
  readonly headerTimeoutMs: number;
  /** From the last header to the end of a whole body. */
  readonly bodyTimeoutMs: number;
  /** For a client to send more of a streamed body, while the handler waits for it. */
  readonly bodyIdleTimeoutMs: number;
  /** From the first byte of a request to the handler's answer; for a streamed request, from the last piece that arrived. */
  readonly requestTimeoutMs: number;
  /** For a client to take an answer, or the part of a streamed answer that was sent. */
  readonly writeTimeoutMs: number;
  /** Between requests. */
  readonly idleTimeoutMs: number;
  /** From the signal to the end of the answers that are still being sent. */
  readonly drainTimeoutMs: number;
}

export const defaultLimits: HttpLimits = Object.freeze({
  maxConnections: 240,
  maxRequestsPerConnection: 10_000,
  maxUrlBytes: 8192,
  maxHeaderBytes: 16_384,
  maxHeaders: 100,
  maxBodyBytes: 2 ** 20,
  maxStreamedBodyBytes: 2 ** 30,
  maxBodyBytesAtOnce: 32 * 2 ** 20,
  minBodyBytesPerSecond: 2 ** 16,
  handshakeTimeoutMs: 10_000,
  headerTimeoutMs: 10_000,
  bodyTimeoutMs: 30_000,
  bodyIdleTimeoutMs: 30_000,
  requestTimeoutMs: 60_000,
  writeTimeoutMs: 30_000,
  idleTimeoutMs: 60_000,
  drainTimeoutMs: 10_000,
});

/** @throws HTTP_MISUSED */
export function limitsOf(given: Partial<HttpLimits> = {}): HttpLimits {
  const limits = { ...defaultLimits, ...given };
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value < 1 || value >= 2 ** 31) {
      misused(`The limit ${name} is not a whole number from 1 to 2^31 - 1.`);
    }
  }
  return limits;
}
