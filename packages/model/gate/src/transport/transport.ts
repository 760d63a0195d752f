/** What a transport tells its endpoint. */
export interface TransportEvents {
  /** Bytes have arrived. The endpoint copies what it keeps. */
  data(chunk: Uint8Array): void;
  /** After `send` returned false: more may be sent. */
  drain(): void;
  /** No more bytes will arrive. Once. */
  end(error?: Error): void;
}

/** A reliable ordered byte stream in both directions: a socket, a pipe, or memory. */
export interface Transport {
  /** Takes the bytes over; they are not changed before they have left. False: congested, wait for `drain`. */
  send(bytes: Uint8Array): boolean;
  /** Whether all that was sent has left, and its memory is nobody's but the sender's. Absent: that is never known. */
  hasSent?(): boolean;
  /** Without a reason: ends after what was sent is flushed. With one: at once. */
  close(reason?: Error): void;
  /** Called once, before anything else. No event may come before it. */
  start(events: TransportEvents): void;
  /** Stops `data` as soon as the transport can. */
  pause(): void;
  resume(): void;
}
