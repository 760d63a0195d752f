/** A small generator whose numbers a seed repeats (mulberry32). Not for secrets. */
export function seededNumbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

export function seededBytes(seed: number, sizeBytes: number): Uint8Array {
  const next = seededNumbers(seed);
  return Uint8Array.from({ length: sizeBytes }, () => next(256));
}

/** A copy with one byte changed. */
export function flipped(bytes: Uint8Array, index: number, mask = 1): Uint8Array {
  return bytes.with(index, (bytes[index] ?? 0) ^ mask);
}
