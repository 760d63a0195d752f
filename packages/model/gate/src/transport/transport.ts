/** From this size on a payload is sent, and handed over when it has arrived, without a copy: that would cost as much as sending it. */
export const LARGE_PAYLOAD_BYTES = 262_144;

/** The events of a transport for its endpoint. */
export interface TransportEvents {
  /** Bytes have arrived. The endpoint copies what it keeps. */
  data(chunk: Uint8Array): void;
  /**
   * Where the next bytes belong, or undefined. A transport that reads them there, and gives `data` that part of the memory,
   * saves copying a large message. It asks again before each read.
   */
  room?(): Uint8Array | undefined;
  /** After `send` returned false: more may be sent. */
  drain(): void;
  /** No more bytes will arrive. Once. */
  end(error?: Error): void;
}

/** A reliable ordered byte stream in both directions: a socket, a pipe, or memory. */
export interface Transport {
  /** Takes over the bytes, which must not change until they have left. False: congested, wait for `drain`. */
  send(bytes: Uint8Array): boolean;
  /** Whether all sent bytes have left, so that only the sender uses their memory. Absent: that is never known. */
  hasSent?(): boolean;
  /** Without a reason: ends after all sent bytes are flushed. With a reason: at once. */
  close(reason?: Error): void;
  /** Called once, before anything else. No event may come before it. */
  start(events: TransportEvents): void;
  /** Stops `data` as soon as the transport can. */
  pause(): void;
  resume(): void;
}
