const bucketBits = 14;

/**
 * Whole numbers that V8 puts into one bucket of a `Set` or a `Map`: it hashes a small integer without a seed
 * (`ComputeUnseededHash`), and each step of that function can be undone. The numbers are those whose hash ends in
 * fourteen zero bits.
 */
export function collidingNumbers(count: number): readonly number[] {
  return Array.from({ length: Math.floor(count) }, (_, index) => unhash(index * 2 ** bucketBits));
}

/** The hash is k = ~k + (k << 15); k ^= k >>> 12; k += k << 2; k ^= k >>> 4; k *= 2057; k ^= k >>> 16. */
function unhash(hash: number): number {
  let key = unshift(hash, 16);
  key = Math.imul(key, inverse(2057));
  key = unshift(key, 4);
  key = Math.imul(key, inverse(5));
  key = unshift(key, 12);
  return Math.imul(key + 1, inverse(2 ** 15 - 1)) | 0;
}

/** Undoes `value ^= value >>> bits`. */
function unshift(value: number, bits: number): number {
  let found = value;
  for (let known = bits; known < 32; known += bits) found = value ^ (found >>> bits);
  return found;
}

/** Of an odd number, modulo 2^32: each round of Newton's doubles the bits that are right. */
function inverse(odd: number): number {
  let found = odd;
  for (let round = 0; round < 5; round++) found = Math.imul(found, 2 - Math.imul(odd, found));
  return found;
}
