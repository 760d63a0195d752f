const smallest = 8;

/**
 * An open table from hashes to references, with linear probing. Two words a slot: the hash, and the reference, which is zero in
 * a free slot. It knows no keys: the caller compares them.
 */
export class KeyTable {
  #slots = new Uint32Array(2 * smallest);
  #mask = smallest - 1;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get heldBytes(): number {
    return this.#slots.byteLength;
  }

  /** Where the search for a hash begins. */
  start(hash: number): number {
    return hash & this.#mask;
  }

  next(slot: number): number {
    return (slot + 1) & this.#mask;
  }

  hashAt(slot: number): number {
    return this.#slots[2 * slot] ?? 0;
  }

  /** Zero for a free slot, at which a search ends. */
  referenceAt(slot: number): number {
    return this.#slots[2 * slot + 1] ?? 0;
  }

  /** Another reference for a slot that is taken. */
  replace(slot: number, reference: number): void {
    this.#slots[2 * slot + 1] = reference;
  }

  /** A reference that the table does not hold yet. */
  add(hash: number, reference: number): void {
    if (4 * (this.#count + 1) > 3 * (this.#mask + 1)) this.#resize(2 * (this.#mask + 1));
    this.#place(hash, reference);
    this.#count++;
  }

  /** Frees a slot. Later slots of the same run move up, so that no search ends too early. */
  remove(slot: number): void {
    let free = slot;
    for (let at = this.next(free); this.referenceAt(at) !== 0; at = this.next(at)) {
      const home = this.hashAt(at) & this.#mask;
      if (((at - home) & this.#mask) < ((at - free) & this.#mask)) continue;
      this.#slots.copyWithin(2 * free, 2 * at, 2 * at + 2);
      free = at;
    }
    this.#slots.fill(0, 2 * free, 2 * free + 2);
    this.#count--;
    const capacity = this.#mask + 1;
    if (capacity > smallest && 8 * this.#count < capacity) this.#resize(capacity >>> 1);
  }

  /** The references as they stand, in no order that means anything. */
  *references(): Generator<number, void> {
    for (let slot = 0; slot <= this.#mask; slot++) {
      const reference = this.referenceAt(slot);
      if (reference !== 0) yield reference;
    }
  }

  #place(hash: number, reference: number): void {
    let slot = this.start(hash);
    while (this.referenceAt(slot) !== 0) slot = this.next(slot);
    this.#slots[2 * slot] = hash;
    this.#slots[2 * slot + 1] = reference;
  }

  #resize(capacity: number): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(2 * capacity);
    this.#mask = capacity - 1;
    for (let at = 0; at < old.length; at += 2) {
      const reference = old[at + 1] ?? 0;
      if (reference !== 0) this.#place(old[at] ?? 0, reference);
    }
  }
}
