const none = Buffer.alloc(0);
const leastBytes = 256;

/**
 * Bytes that come in pieces of any size. What it holds is at most twice what came, since somebody who sends single bytes
 * must not cost an object for each.
 */
export class ByteStore {
  #bytes = none;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(bytes: Uint8Array): void {
    const needed = this.#length + bytes.length;
    if (needed > this.#bytes.length) {
      // Not of the pool that `allocUnsafe` cuts small buffers from: what is kept long would keep the whole pool.
      const larger = Buffer.allocUnsafeSlow(Math.max(leastBytes, 2 * this.#length, needed));
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
