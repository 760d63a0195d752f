/** A piece of memory with blocks one after another. The first word of a block that is in use is not zero. */
export interface Slab {
  readonly index: number;
  readonly words: Uint32Array;
  /** The same memory. */
  readonly bytes: Uint8Array;
  /** Words from the start that are given out, or lost at the end. */
  used: number;
  /** Words of blocks in use. */
  live: number;
}

const offsetBits = 18;
/** An address is one word: 14 bits for the slab, 18 for the word in it. */
const mostSlabs = 2 ** (32 - offsetBits);
const smallestWords = 2 ** 8;
const largestWords = 2 ** offsetBits;
/** A block of more words gets its own slab, which goes when the block does. */
const largestShared = 2 ** 15;
/** So much may be dead in any store: 16 KiB. */
const slackWords = 2 ** 12;

/** Memory in slabs, which it gives back: what is in use moves together when a third is not. */
export class Slabs {
  readonly #slabs: (Slab | undefined)[] = [];
  readonly #moved: (slab: Slab, offset: number, address: number) => void;
  readonly #sizeOf: (slab: Slab, offset: number) => number;
  #head: Slab | undefined;
  #live = 0;
  #given = 0;

  /**
   * @param sizeOf the words of the block at an offset
   * @param moved told, for each block in use that has moved, where it now is
   */
  constructor(
    sizeOf: (slab: Slab, offset: number) => number,
    moved: (slab: Slab, offset: number, address: number) => void,
  ) {
    this.#sizeOf = sizeOf;
    this.#moved = moved;
  }

  /** The bytes of all slabs, used or not. */
  get heldBytes(): number {
    return 4 * this.#given;
  }

  at(address: number): Slab {
    const slab = this.#slabs[address >>> offsetBits];
    if (slab === undefined) throw new RangeError('No slab has this address.');
    return slab;
  }

  /** A block whose words are not set. Its address; `at` and `offsetOf` lead to it. */
  take(words: number): number {
    const slab = words > largestShared ? this.#add(words) : this.#withRoom(words);
    const offset = slab.used;
    slab.used += words;
    slab.live += words;
    this.#live += words;
    return ((slab.index << offsetBits) | offset) >>> 0;
  }

  /** Frees a block of so many words. */
  give(address: number, words: number): void {
    const slab = this.at(address);
    slab.words[offsetOf(address)] = 0;
    slab.live -= words;
    this.#live -= words;
    if (slab.live > 0) return;
    if (slab === this.#head) this.#head = undefined;
    this.#drop(slab);
  }

  /**
   * Moves blocks together until little enough is dead. Addresses change. What one call moves is bounded, so that it ends even where
   * moving gives nothing back; the next call goes on.
   */
  tidy(): void {
    for (let left = 2 * this.#slabs.length; left > 0; left--) {
      const head = this.#head;
      const room = head === undefined ? 0 : head.words.length - head.used;
      const dead = this.#given - this.#live - room;
      // A head that was made for a much larger store goes too.
      if (2 * room > this.#live + 2 * slackWords) this.#retire();
      else if (2 * dead <= this.#live + 2 * slackWords) return;
      const emptiest = this.#emptiest();
      // A slab that is wholly in use gives nothing back: what is dead lies in the head.
      if (emptiest !== undefined && emptiest.live < emptiest.words.length) this.#evacuate(emptiest);
      else if (this.#head === undefined) return;
      else this.#retire();
    }
  }

  #withRoom(words: number): Slab {
    const head = this.#head;
    if (head !== undefined && head.words.length - head.used >= words) return head;
    const fitting = Math.min(largestWords, Math.max(smallestWords, this.#live >>> 2));
    // Few such blocks would fit into a head, and the rest of it be lost: moving them would give nothing back.
    if (4 * words > fitting) return this.#add(words);
    this.#retire();
    return (this.#head = this.#add(fitting));
  }

  /** Nothing more goes into the head: what room it has is dead. */
  #retire(): void {
    if (this.#head !== undefined) this.#head.used = this.#head.words.length;
    this.#head = undefined;
  }

  #add(words: number): Slab {
    const free = this.#slabs.indexOf(undefined);
    const index = free === -1 ? this.#slabs.length : free;
    if (index >= mostSlabs) throw new RangeError('There are no more addresses.');
    const memory = new ArrayBuffer(4 * words);
    const slab = { index, words: new Uint32Array(memory), bytes: new Uint8Array(memory), used: 0, live: 0 };
    this.#slabs[index] = slab;
    this.#given += words;
    return slab;
  }

  #drop(slab: Slab): void {
    this.#slabs[slab.index] = undefined;
    this.#given -= slab.words.length;
  }

  /** The slab that gives back most for what must move, if it is not the head, which is still being filled. */
  #emptiest(): Slab | undefined {
    let best: Slab | undefined;
    for (const slab of this.#slabs) {
      if (slab === undefined || slab === this.#head) continue;
      if (best === undefined || slab.live * best.words.length < best.live * slab.words.length) best = slab;
    }
    return best;
  }

  #evacuate(from: Slab): void {
    for (let offset = 0; from.live > 0;) {
      const words = this.#sizeOf(from, offset);
      if (from.words[offset] !== 0) {
        const address = this.take(words);
        const to = this.at(address);
        to.words.set(from.words.subarray(offset, offset + words), offsetOf(address));
        this.#moved(to, offsetOf(address), address);
        from.live -= words;
        this.#live -= words;
      }
      offset += words;
    }
    this.#drop(from);
  }
}

/** The word in its slab at which a block begins. */
export function offsetOf(address: number): number {
  return address & (largestWords - 1);
}
