import { digestBytes } from '../digests.ts';

const slabDigests = 64;

/** The digests of one height of a tree, from `start` on, one after the other in one piece of memory. */
export class Level {
  /** The index of the first digest that is held. */
  start = 0;
  /** One above the index of the last. */
  end = 0;
  #slab = new Uint8Array(slabDigests * digestBytes);
  /** Where the first stands, in digests. */
  #skipped = 0;

  push(digest: Uint8Array): void {
    const at = (this.#skipped + this.end - this.start) * digestBytes;
    if (at === this.#slab.length) {
      this.#makeRoom();
      return this.push(digest);
    }
    this.#slab.set(digest, at);
    this.end++;
  }

  /** A view, valid until the next change of the tree. `count` digests from `index` on. */
  view(index: number, count = 1): Uint8Array {
    const at = (this.#skipped + index - this.start) * digestBytes;
    return this.#slab.subarray(at, at + count * digestBytes);
  }

  has(index: number): boolean {
    return index >= this.start && index < this.end;
  }

  /** Forgets all from `end` on. */
  cut(end: number): void {
    this.end = Math.max(this.start, Math.min(this.end, end));
  }

  /** Forgets all below `start`. */
  forget(start: number): void {
    if (start <= this.start) return;
    this.#skipped += Math.min(start, this.end) - this.start;
    this.start = start;
    this.end = Math.max(this.end, start);
  }

  /** Twice the memory, or the place of what was forgotten where that is at least half. */
  #makeRoom(): void {
    const from = this.#skipped * digestBytes;
    const held = this.view(this.start, this.end - this.start);
    if (2 * from >= this.#slab.length) {
      this.#slab.copyWithin(0, from, from + held.length);
    } else {
      const larger = new Uint8Array(Math.max(this.#slab.length, 2 * held.length));
      larger.set(held);
      this.#slab = larger;
    }
    this.#skipped = 0;
  }
}
