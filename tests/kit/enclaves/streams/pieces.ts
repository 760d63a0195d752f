/** So many bytes, the same for each seed, in pieces of 1 byte to 200 kB. */
export function* pieces(sizeBytes: number, seed: number): Generator<Uint8Array> {
  let state = (seed | 1) >>> 0;
  const next = (): number => {
    // xorshift32.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
  for (let left = sizeBytes; left > 0;) {
    const size = Math.min(left, next() % 8 === 0 ? 1 + (next() % 16) : 1 + (next() % 200_000));
    const words = new Uint32Array(Math.ceil(size / 4)).map(next);
    left -= size;
    yield new Uint8Array(words.buffer, 0, size);
  }
}
