import { randomBytes } from 'node:crypto';

import { inverseOf, numberOf } from './numbers.ts';
import { powerOf } from './power.ts';

/** Candidates with a factor below are left out: five of six, at a fraction of what a test costs. */
const sievedBelow = 8192;
/** FIPS 186-5, table B.1 asks for fewer in primes of 1024 bits and more, and FIPS 186-4 for 7 in those of 512. */
const rounds = 8;
/** Bits beyond those of a number, so that the remainder by it is spread evenly. */
const spreadBits = 64;

interface SmallPrimes {
  /** The product of the primes, below 2^53. */
  readonly product: bigint;
  readonly primes: readonly number[];
}

let groups: readonly SmallPrimes[] | undefined;

/**
 * A random prime for RSA (FIPS 186-5, appendix A.1.3) whose two highest bits are set, and for which `exponent` has an inverse modulo
 * one less. Each candidate is drawn anew.
 * @param bits at least 512
 * @param checkTime called before each step, none of which takes longer than one exponentiation; throws to end the search
 */
export function findPrime(bits: number, exponent: bigint, checkTime: () => void): bigint {
  for (;;) {
    const candidate = randomOf(bits) | (3n << BigInt(bits - 2)) | 1n;
    if (hasSmallFactor(candidate) || inverseOf((candidate - 1n) % exponent, exponent) === undefined) {
      checkTime();
      continue;
    }
    if (isProbablePrime(candidate, checkTime)) return candidate;
  }
}

/** Miller and Rabin's test with random bases (FIPS 186-5, appendix B.3.1), of an odd number of 512 bits or more. */
export function isProbablePrime(candidate: bigint, checkTime: () => void): boolean {
  const last = candidate - 1n;
  let twos = 0;
  while (((last >> BigInt(twos)) & 1n) === 0n) twos += 1;
  const odd = last >> BigInt(twos);
  for (let round = 0; round < rounds; round++) {
    checkTime();
    const base = (randomOf(candidate.toString(16).length * 4 + spreadBits) % (candidate - 3n)) + 2n;
    if (!isStrong(powerOf(base, odd, candidate), candidate, twos)) return false;
  }
  return true;
}

/** Whether a power is 1 or -1, or becomes -1 when it is squared fewer than so often. */
function isStrong(power: bigint, candidate: bigint, twos: number): boolean {
  if (power === 1n) return true;
  let squared = power;
  for (let at = 1; at < twos && squared !== candidate - 1n; at++) squared = (squared * squared) % candidate;
  return squared === candidate - 1n;
}

/** A random number of at most so many bits. */
function randomOf(bits: number): bigint {
  const bytes = Math.ceil(bits / 8);
  return numberOf(randomBytes(bytes)) >> BigInt(bytes * 8 - bits);
}

function hasSmallFactor(candidate: bigint): boolean {
  groups ??= groupsOf(oddPrimes());
  return groups.some(({ product, primes }) => {
    const rest = Number(candidate % product);
    return primes.some((prime) => rest % prime === 0);
  });
}

/** Several at a time: one division of a long number, and then of short ones. */
function groupsOf(primes: readonly number[]): readonly SmallPrimes[] {
  const made: SmallPrimes[] = [];
  let group: number[] = [];
  let product = 1;
  for (const prime of primes) {
    if (product * prime > Number.MAX_SAFE_INTEGER) {
      made.push({ product: BigInt(product), primes: group });
      [group, product] = [[], 1];
    }
    group.push(prime);
    product *= prime;
  }
  return [...made, { product: BigInt(product), primes: group }];
}

function oddPrimes(): readonly number[] {
  const isComposite = new Uint8Array(sievedBelow);
  const primes: number[] = [];
  for (let number = 3; number < sievedBelow; number += 2) {
    if (isComposite[number] === 1) continue;
    primes.push(number);
    for (let multiple = number * number; multiple < sievedBelow; multiple += number) isComposite[multiple] = 1;
  }
  return primes;
}
