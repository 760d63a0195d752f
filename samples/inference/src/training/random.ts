/** Random numbers from 0 to 1 that are the same in each run: xorshift (Marsaglia, 2003). Only for training. */
export function repeatableRandom(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 0x1_0000_0000;
  };
}

/** Shuffles in place (Fisher and Yates). */
export function shuffle(items: object[], random: () => number): void {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const [a, b] = [items[i], items[j]];
    if (a === undefined || b === undefined) throw new RangeError('The random number is not below 1.');
    [items[i], items[j]] = [b, a];
  }
}
