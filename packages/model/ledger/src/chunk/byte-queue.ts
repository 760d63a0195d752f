/** Pieces of a stream. What is taken is a view where it lies in one piece, and a copy of its bytes alone where it does not. */
export class ByteQueue {
  /** Not empty pieces, of which the first is used up to `#used`. */
  readonly #pieces: Uint8Array[] = [];
  #used = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.#pieces.push(piece);
    this.#length += piece.length;
  }

  /** Copies the next bytes into `target` without taking them. The queue must hold as many. */
  peekInto(target: Uint8Array): void {
    let from = this.#used;
    let filled = 0;
    for (const piece of this.#pieces) {
      for (; from < piece.length && filled < target.length; from++, filled++) target[filled] = piece[from] ?? 0;
      if (filled === target.length) return;
      from = 0;
    }
  }

  /** The next `length` bytes. The queue must hold them. */
  take(length: number): Uint8Array {
    const [first] = this.#pieces;
    const end = this.#used + length;
    this.#length -= length;
    if (first === undefined || end > first.length) return this.#gather(length);
    const taken = first.subarray(this.#used, end);
    this.#used = end;
    if (end === first.length) this.#drop(1);
    return taken;
  }

  #gather(length: number): Uint8Array {
    const gathered = new Uint8Array(length);
    let filled = 0;
    let usedUp = 0;
    for (const piece of this.#pieces) {
      const end = Math.min(piece.length, this.#used + length - filled);
      gathered.set(piece.subarray(this.#used, end), filled);
      filled += end - this.#used;
      this.#used = end;
      if (end < piece.length) break;
      usedUp++;
      this.#used = 0;
      if (filled === length) break;
    }
    if (usedUp > 0) this.#drop(usedUp, this.#used);
    return gathered;
  }

  /** All at once: to drop many pieces one by one would take the square of their number. */
  #drop(count: number, used = 0): void {
    this.#pieces.splice(0, count);
    this.#used = used;
  }
}
