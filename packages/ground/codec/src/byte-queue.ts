/** Bytes that arrive in pieces and are read in other pieces. Nothing is copied until it is taken, or kept. */
export class ByteQueue {
  readonly #parts: Uint8Array[] = [];
  /** How much of the first part was taken. */
  #at = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    // A view of a Node Buffer is a Buffer, which takes several times as long to make.
    this.#parts.push(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length));
    this.#length += bytes.length;
  }

  /** Copies what is left of the bytes that were pushed last, so that their memory may be used again. */
  keep(): void {
    const last = this.#parts.pop();
    if (last === undefined) return;
    const isFirst = this.#parts.length === 0;
    this.#parts.push(last.slice(isFirst ? this.#at : 0));
    if (isFirst) this.#at = 0;
  }

  /** Up to `length` bytes from the front, which stay. */
  peek(length: number): Uint8Array {
    const [first] = this.#parts;
    if (first !== undefined && first.length - this.#at >= length) return first.subarray(this.#at, this.#at + length);
    const bytes = new Uint8Array(Math.min(length, this.#length));
    let at = 0;
    let from = this.#at;
    for (const part of this.#parts) {
      if (at === bytes.length) break;
      const piece = part.subarray(from, from + bytes.length - at);
      bytes.set(piece, at);
      at += piece.length;
      from = 0;
    }
    return bytes;
  }

  /** Exactly `length` bytes from the front, of which the caller knows that they are here. */
  take(length: number): Uint8Array {
    const bytes = this.peek(length);
    this.skip(bytes.length);
    return bytes;
  }

  /** Takes bytes that the caller has read. */
  skip(length: number): void {
    this.#length -= length;
    let at = this.#at + length;
    let whole = 0;
    for (const part of this.#parts) {
      if (at < part.length) break;
      at -= part.length;
      whole++;
    }
    if (whole > 0) this.#parts.splice(0, whole);
    this.#at = at;
  }

  /**
   * What `read` gives for the bytes from `at` on: at least `length` of them, or all that are here. No view of them is made where they lie in one
   * piece.
   */
  atFront<T>(length: number, read: (bytes: Uint8Array, at: number) => T): T {
    const [first] = this.#parts;
    const isWhole = first !== undefined && (this.#parts.length === 1 || first.length - this.#at >= length);
    return isWhole ? read(first, this.#at) : read(this.peek(length), 0);
  }
}
