/**
 * Arithmetic modulo 2^31 - 1, in which CCF shares secrets (src/crypto/sharing.cpp). Numbers are exact below 2^53, and no step
 * depends on a secret.
 */
export const prime = 2 ** 31 - 1;
const twoTo31 = 2 ** 31;
const twoTo16 = 2 ** 16;

/** @param value Below 2^53. 2^31 is 1 in this field, so that the high part is added to the low one. */
export function reduce(value: number): number {
  const high = Math.floor(value / twoTo31);
  // Below 2^31 + 2^22, so that the prime goes into it at most once.
  const folded = value - high * prime;
  return folded - Math.floor((folded + 1) / twoTo31) * prime;
}

export function add(a: number, b: number): number {
  return reduce(a + b);
}

export function subtract(a: number, b: number): number {
  return reduce(prime + a - b);
}

/** In two halves, since the whole product may have 62 bits. */
export function multiply(a: number, b: number): number {
  const high = Math.floor(b / twoTo16);
  return reduce(reduce(a * high) * twoTo16 + a * (b - high * twoTo16));
}

/** One over a value that is not secret, by Fermat: its power with p - 2. */
export function inverse(value: number): number {
  let [result, square] = [1, value];
  for (let rest = prime - 2; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = multiply(result, square);
    square = multiply(square, square);
  }
  return result;
}
