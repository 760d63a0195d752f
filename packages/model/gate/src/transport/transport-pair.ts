import type { Transport, TransportEvents } from './transport.ts';

/** `send` reports congestion above this many undelivered bytes. */
const HIGH_WATER_BYTES = 65_536;

/** One end of a pair of `createTransportPair`. */
class MemoryTransport implements Transport {
  #peer: MemoryTransport | undefined;
  #events: TransportEvents | undefined;
  #inbox: Uint8Array[] = [];
  #inboxBytes = 0;
  #senderWaits = false;
  #paused = false;
  #scheduled = false;
  #closed = false;
  /** The peer will send no more; reported once the inbox is empty. */
  #peerEnded = false;

  connect(peer: MemoryTransport): void {
    this.#peer = peer;
  }

  start(events: TransportEvents): void {
    this.#events = events;
    this.#schedule();
  }

  send(bytes: Uint8Array): boolean {
    return this.#closed || this.#peer === undefined ? true : this.#peer.receive(bytes);
  }

  close(reason?: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#peer?.endAfterInbox(reason !== undefined);
    // Both directions end together, as with a socket that is not half-open.
    this.endAfterInbox(true);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#schedule();
  }

  receive(bytes: Uint8Array): boolean {
    if (this.#closed) return true;
    this.#inbox.push(bytes);
    this.#inboxBytes += bytes.length;
    this.#schedule();
    this.#senderWaits ||= this.#inboxBytes > HIGH_WATER_BYTES;
    return !this.#senderWaits;
  }

  endAfterInbox(discard: boolean): void {
    this.#peerEnded = true;
    if (discard) {
      this.#inbox = [];
      this.#inboxBytes = 0;
    }
    this.#schedule();
  }

  /** Deliveries are turns of the event loop, so that two busy ends cannot starve its timers. */
  #schedule(): void {
    if (this.#scheduled || this.#events === undefined) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    while (!this.#paused && !this.#closed) {
      const chunk = this.#inbox.shift();
      if (chunk === undefined) break;
      this.#inboxBytes -= chunk.length;
      this.#events?.data(chunk);
    }
    if (this.#senderWaits && this.#inboxBytes === 0) {
      this.#senderWaits = false;
      this.#peer?.drain();
    }
    if (this.#peerEnded && this.#inbox.length === 0) this.#end();
  }

  drain(): void {
    this.#events?.drain();
  }

  #end(): void {
    const events = this.#events;
    this.#events = undefined;
    this.#closed = true;
    events?.end();
  }
}

/**
 * Two connected in-process transports, for tests and for peers in one process.
 * Bytes are delivered in order, in a later turn, without a copy; `pause` and
 * congestion work as with a socket.
 */
export function createTransportPair(): [Transport, Transport] {
  const a = new MemoryTransport();
  const b = new MemoryTransport();
  a.connect(b);
  b.connect(a);
  return [a, b];
}
