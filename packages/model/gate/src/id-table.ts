const FIRST_SLOTS_BITS = 4;

/**
 * Calls by id: a hash table with open addressing, because calls come and go by the million. Under such churn a JavaScript `Map`
 * builds a chain of discarded tables, which V8's garbage collector promotes together with every call in them. That costs more
 * than half of the throughput.
 *
 * Ids are chosen by the peer, so the multiplier of the hash is random: the peer cannot aim at one slot (multiply-shift hashing,
 * Dietzfelbinger et al. 1997).
 */
export class IdTable<T> {
  readonly #multiplier: number;
  #bits = FIRST_SLOTS_BITS;
  /** Zero is not an id, so it marks a free slot. */
  #ids = new Uint32Array(2 ** FIRST_SLOTS_BITS);
  #values: (T | undefined)[] = emptySlots(FIRST_SLOTS_BITS);
  #size = 0;

  constructor(random: () => number = Math.random) {
    this.#multiplier = Math.floor(random() * 2 ** 32) | 1;
  }

  get size(): number {
    return this.#size;
  }

  get(id: number): T | undefined {
    const slot = this.#find(id);
    return this.#ids[slot] === id ? this.#values[slot] : undefined;
  }

  /** Adds an id, which is neither zero nor in the table. */
  add(id: number, value: T): void {
    // Half full at most: probes stay short, and there is always a free slot to stop at.
    if (2 * (this.#size + 1) > this.#ids.length) this.#grow();
    const slot = this.#find(id);
    this.#ids[slot] = id;
    this.#values[slot] = value;
    this.#size++;
  }

  delete(id: number): void {
    let free = this.#find(id);
    if (this.#ids[free] !== id) return;
    const mask = this.#ids.length - 1;
    // Later members of the run move up, so that no tombstone has to be probed.
    for (let slot = (free + 1) & mask; ; slot = (slot + 1) & mask) {
      const candidate = this.#ids[slot] ?? 0;
      if (candidate === 0) break;
      const isReachable = ((slot - this.#home(candidate)) & mask) >= ((slot - free) & mask);
      if (!isReachable) continue;
      this.#ids[free] = candidate;
      this.#values[free] = this.#values[slot];
      free = slot;
    }
    this.#ids[free] = 0;
    this.#values[free] = undefined;
    this.#size--;
  }

  /** A copy of all values, in no particular order. */
  values(): T[] {
    return this.#values.filter((value) => value !== undefined);
  }

  #home(id: number): number {
    return Math.imul(id, this.#multiplier) >>> (32 - this.#bits);
  }

  /** The slot of `id`, or the free one where it would go. */
  #find(id: number): number {
    const ids = this.#ids;
    const mask = ids.length - 1;
    let slot = this.#home(id);
    while (ids[slot] !== id && ids[slot] !== 0) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const ids = this.#ids;
    const values = this.#values;
    this.#bits++;
    this.#ids = new Uint32Array(2 ** this.#bits);
    this.#values = emptySlots(this.#bits);
    for (const [at, id] of ids.entries()) {
      if (id === 0) continue;
      const slot = this.#find(id);
      this.#ids[slot] = id;
      this.#values[slot] = values[at];
    }
  }
}

function emptySlots<T>(bits: number): (T | undefined)[] {
  return Array.from({ length: 2 ** bits }, () => undefined);
}
