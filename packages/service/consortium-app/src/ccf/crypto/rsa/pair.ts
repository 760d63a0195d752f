import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';

import { toBase64url } from '@enclos/codec';

import { bytesOf, inverseOf } from './numbers.ts';
import { powerOf } from './power.ts';
import { findPrime } from './primes.ts';

/** FIPS 186-5, appendix A.1.3: the primes differ in one of their first hundred bits. */
const apartBits = 100;

interface RsaKeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/**
 * An RSA key pair (FIPS 186-5, appendix A.1.3). Node's own generation takes seconds at a time, in which nothing can end it: this one
 * takes steps of a few milliseconds.
 * @param bits of the modulus, at least 1024
 * @param exponent odd, at least 3 and below 2^32
 * @param checkTime called before each step; throws to end the search
 */
export function generateRsaPair(bits: number, exponent: number, checkTime: () => void): RsaKeyPair {
  const e = BigInt(exponent);
  const first = findPrime(Math.ceil(bits / 2), e, checkTime);
  let second = first;
  while (isNear(first, second, bits)) second = findPrime(Math.floor(bits / 2), e, checkTime);
  const [p, q] = first > second ? [first, second] : [second, first];
  checkTime();
  const jwk = {
    kty: 'RSA',
    n: text(p * q),
    e: text(e),
    // Modulo (p - 1)(q - 1), which RFC 8017 permits: their least common multiple would take a division that depends on secrets.
    d: text(decryptingExponent(e, (p - 1n) * (q - 1n))),
    p: text(p),
    q: text(q),
    dp: text(decryptingExponent(e, p - 1n)),
    dq: text(decryptingExponent(e, q - 1n)),
    // By Fermat's theorem.
    qi: text(powerOf(q, p - 2n, p)),
  };
  const privateKey = createPrivateKey({ key: jwk, format: 'jwk' });
  checkTime();
  return consistent({ privateKey, publicKey: createPublicKey(privateKey) });
}

function isNear(first: bigint, second: bigint, bits: number): boolean {
  const difference = first > second ? first - second : second - first;
  return difference <= 1n << BigInt(Math.floor(bits / 2) - apartBits);
}

/**
 * The inverse of `e` modulo a secret number: the one d = (1 + k m) / e that is whole. Only the secret's remainder by the public `e` is
 * inverted, since the time that Euclid's algorithm takes tells of what it is given.
 */
function decryptingExponent(e: bigint, modulus: bigint): bigint {
  const inverse = inverseOf(modulus % e, e);
  if (inverse === undefined) throw new Error('the exponent has no inverse');
  return (1n + (e - inverse) * modulus) / e;
}

function text(value: bigint): string {
  return toBase64url(bytesOf(value));
}

/** SP 800-56B, section 6.4.1.1: what one key signs the other verifies. */
function consistent(pair: RsaKeyPair): RsaKeyPair {
  const data = Buffer.from('pair');
  if (!verify('sha256', data, pair.publicKey, sign('sha256', data, pair.privateKey))) {
    throw new Error('the keys do not belong to each other');
  }
  return pair;
}
