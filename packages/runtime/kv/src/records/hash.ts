/** Sixty-four secret bits, as two words. */
export type HashKey = readonly [number, number];

/**
 * HalfSipHash (Aumasson and Bernstein, the variant of 32-bit words): a hash whose collisions cannot be found without its key.
 * Strangers choose the keys of maps, and could otherwise make each of their look-ups walk a whole table.
 *
 * @param compressions rounds for each word. Tables take 1 and 3, as those of Linux do (Documentation/security/siphash.rst).
 */
export function halfSipHash([k0, k1]: HashKey, bytes: Uint8Array, compressions = 1, finals = 3): number {
  let v0 = k0;
  let v1 = k1;
  let v2 = 0x6c796765 ^ k0;
  let v3 = 0x74656462 ^ k1;
  const whole = bytes.length & ~3;
  let at = 0;
  let rounds = compressions;
  let word = 0;
  // One loop for words, the last word with the length, and the end, so that the round stands once and its words stay in
  // registers: a call for each round costs more than the round.
  for (let left = (whole >>> 2) + 2; left > 0; left--) {
    if (left > 2) {
      word = read(bytes, at) | (read(bytes, at + 1) << 8) | (read(bytes, at + 2) << 16) | (read(bytes, at + 3) << 24);
      at += 4;
    } else if (left === 2) {
      word = (bytes.length << 24) | read(bytes, at) | (read(bytes, at + 1) << 8) | (read(bytes, at + 2) << 16);
    } else {
      word = 0;
      v2 ^= 0xff;
      rounds = finals;
    }
    v3 ^= word;
    for (let round = 0; round < rounds; round++) {
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
    }
    v0 ^= word;
  }
  return (v1 ^ v3) >>> 0;
}

/** Zero after the end, as the last word is padded. */
const read = (bytes: Uint8Array, at: number): number => bytes[at] ?? 0;
