/** A stream of numbers that a seed gives again. */
export interface Random {
  /** 0 inclusive to `below` exclusive, whole. */
  below(below: number): number;
  pick<T>(items: readonly T[]): T;
  shuffled<T>(items: readonly T[]): readonly T[];
  bytes(sizeBytes: number): Uint8Array<ArrayBuffer>;
}

/** mulberry32: 32 bits of state, good enough to spread things and the same everywhere. */
export function createRandom(seed: number): Random {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const below = (bound: number): number => next() % bound;
  return {
    below,
    pick<T>(items: readonly T[]): T {
      const item = items[below(items.length)];
      if (item === undefined) throw new Error('There is nothing to pick from.');
      return item;
    },
    shuffled<T>(items: readonly T[]): readonly T[] {
      const keyed = items.map((item) => ({ item, key: next() }));
      return keyed.toSorted((a, b) => a.key - b.key).map(({ item }) => item);
    },
    bytes(sizeBytes) {
      const words = Uint32Array.from({ length: Math.ceil(sizeBytes / 4) }, next);
      return new Uint8Array(words.buffer, 0, sizeBytes);
    },
  };
}
