import { concatBytes } from '@enclos/codec';

/** Pieces of a stream. What is taken is copied once at most, however many pieces it came in. */
export class ByteQueue {
  readonly #pieces: Uint8Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.#pieces.push(piece);
    this.#length += piece.length;
  }

  /** The next `length` bytes, without taking them. The queue must hold them. */
  peek(length: number): Uint8Array {
    const [first] = this.#pieces;
    if (first === undefined || length === 0) return new Uint8Array(0);
    if (first.length >= length) return first.subarray(0, length);
    let held = 0;
    const count = this.#pieces.findIndex((piece) => (held += piece.length) >= length) + 1;
    const joined = concatBytes(...this.#pieces.slice(0, count));
    this.#pieces.splice(0, count, joined);
    return joined.subarray(0, length);
  }

  /** The next `length` bytes. The queue must hold them. */
  take(length: number): Uint8Array {
    const taken = this.peek(length);
    const [first] = this.#pieces;
    if (first !== undefined && length > 0) {
      if (first.length === length) this.#pieces.shift();
      else this.#pieces[0] = first.subarray(length);
    }
    this.#length -= taken.length;
    return taken;
  }
}
