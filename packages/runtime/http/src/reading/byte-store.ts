const none = Buffer.alloc(0);
const leastBytes = 256;

/**
 * Bytes that come in pieces of any size. What it holds is at most twice what came, since a client that sends single bytes
 * must not cost an object for each.
 */
export class ByteStore {
  readonly #maxBytes: number;
  #bytes = none;
  #length = 0;

  /** @param maxBytes of all that will be added: no memory is made for more. */
  constructor(maxBytes = Number.MAX_SAFE_INTEGER) {
    this.#maxBytes = maxBytes;
  }

  get length(): number {
    return this.#length;
  }

  add(bytes: Uint8Array): void {
    const needed = this.#length + bytes.length;
    if (needed > this.#bytes.length) {
      // Not of the pool that `allocUnsafe` cuts small buffers from: what is kept long would keep the whole pool.
      const larger = Buffer.allocUnsafeSlow(
        Math.max(needed, Math.min(this.#maxBytes, Math.max(leastBytes, 2 * this.#length))),
      );
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = needed;
  }

  /** All that came, which it then has no more. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#bytes = none;
    this.#length = 0;
    return taken;
  }
}
