const none = Buffer.alloc(0);
const leastBytes = 256;

/**
 * Bytes that come in pieces of any size. It holds at most twice the bytes that arrived, because a client that sends single
 * bytes must not cost an object for each.
 */
export class ByteStore {
  readonly #maxBytes: number;
  #bytes = none;
  #length = 0;

  /** @param maxBytes the most that will be added: no memory is allocated for more. */
  constructor(maxBytes = Number.MAX_SAFE_INTEGER) {
    this.#maxBytes = maxBytes;
  }

  get length(): number {
    return this.#length;
  }

  add(bytes: Uint8Array): void {
    const needed = this.#length + bytes.length;
    if (needed > this.#bytes.length) {
      // Not from the pool that `allocUnsafe` cuts small buffers from: a long-lived buffer would keep the whole pool alive.
      const larger = Buffer.allocUnsafeSlow(
        Math.max(needed, Math.min(this.#maxBytes, Math.max(leastBytes, 2 * this.#length))),
      );
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = needed;
  }

  /** Returns all bytes and forgets them. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#bytes = none;
    this.#length = 0;
    return taken;
  }
}
