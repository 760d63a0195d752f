/** Bytes that arrive in pieces and are read in other pieces. Nothing is copied until it is taken. */
export class ByteQueue {
  #parts: Uint8Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#parts.push(bytes);
    this.#length += bytes.length;
  }

  /** Up to `length` bytes from the front, which stay. */
  peek(length: number): Uint8Array {
    const [first] = this.#parts;
    if (first !== undefined && first.length >= length) return first.subarray(0, length);
    const bytes = new Uint8Array(Math.min(length, this.#length));
    let at = 0;
    for (const part of this.#parts) {
      if (at === bytes.length) break;
      const piece = part.subarray(0, bytes.length - at);
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  }

  /** Exactly `length` bytes from the front, of which the caller knows that they are here. */
  take(length: number): Uint8Array {
    const bytes = this.peek(length);
    let left = bytes.length;
    this.#length -= left;
    let whole = 0;
    for (const part of this.#parts) {
      if (left < part.length) break;
      left -= part.length;
      whole++;
    }
    this.#parts.splice(0, whole);
    const [first] = this.#parts;
    if (first !== undefined && left > 0) this.#parts[0] = first.subarray(left);
    return bytes;
  }
}
