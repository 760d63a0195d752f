import assert from 'node:assert/strict';
import {
  checkPrimeSync,
  createPrivateKey,
  generatePrimeSync,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';
import { test } from 'node:test';

import fc from 'fast-check';

import { fromBase64url } from '@enclos/codec';

import { bytesOf, inverseOf, numberOf } from '../../src/ccf/crypto/rsa/numbers.ts';
import { generateRsaPair } from '../../src/ccf/crypto/rsa/pair.ts';
import { powerOf } from '../../src/ccf/crypto/rsa/power.ts';
import { findPrime, isProbablePrime } from '../../src/ccf/crypto/rsa/primes.ts';

const endless = (): void => undefined;

/** Square and multiply. */
function plainPower(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let [result, square] = [1n, base % modulus];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

const long = (bits: number): bigint => numberOf(randomBytes(bits / 8)) | (1n << BigInt(bits - 1)) | 1n;

test('powers are those of square and multiply, for primes and other odd numbers', () => {
  for (const modulus of [
    generatePrimeSync(512, { bigint: true }),
    long(512),
    long(1024),
    long(1032),
    (1n << 600n) + 1n,
  ]) {
    for (const [base, exponent] of [
      [2n, modulus >> 1n],
      [long(256), long(512)],
      [modulus - 1n, 3n],
      [modulus - 1n, 2n],
      [1n, modulus - 2n],
    ] as const) {
      assert.equal(powerOf(base, exponent, modulus), plainPower(base, exponent, modulus));
    }
  }
});

test('numbers pass through bytes, and inverses are such', () => {
  fc.assert(fc.property(fc.bigInt({ min: 0n, max: 1n << 600n }), (value) => numberOf(bytesOf(value)) === value));
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 1n << 32n }), fc.bigInt({ min: 2n, max: 1n << 32n }), (value, modulus) => {
      const inverse = inverseOf(value, modulus);
      if (inverse !== undefined) {
        assert.equal((value * inverse) % modulus, 1n);
        assert.ok(inverse > 0n && inverse < modulus);
        return;
      }
      // They have a common factor.
      let [a, b] = [value, modulus];
      while (b !== 0n) [a, b] = [b, a % b];
      assert.notEqual(a, 1n);
    }),
  );
});

test('primes are told from others as OpenSSL tells them', () => {
  for (let at = 0; at < 20; at++) {
    const number = long(512);
    assert.equal(isProbablePrime(number, endless), checkPrimeSync(number));
  }
  const [p, q] = [generatePrimeSync(264, { bigint: true }), generatePrimeSync(264, { bigint: true })];
  assert.equal(isProbablePrime(p * q, endless), false);
  const prime = generatePrimeSync(520, { bigint: true });
  assert.equal(isProbablePrime(prime, endless), true);
  // One more than a multiple of a high power of two: the test squares often.
  const twos = generatePrimeSync(520, { add: 1n << 40n, rem: 1n, bigint: true });
  assert.equal(isProbablePrime(twos, endless), true);
  assert.equal(isProbablePrime(prime * prime, endless), false);
});

test('a prime has its size and suits the exponent', () => {
  for (const [bits, exponent] of [
    [512, 3n],
    [513, 65_537n],
    [520, 3n * 5n * 7n * 11n * 13n],
  ] as const) {
    const prime = findPrime(bits, exponent, endless);
    assert.equal(prime >> BigInt(bits - 2), 3n);
    assert.ok(checkPrimeSync(prime));
    assert.notEqual(inverseOf((prime - 1n) % exponent, exponent), undefined);
  }
});

test('a key pair has all that FIPS 186-5 and RFC 8017 ask for', () => {
  for (const [bits, exponent] of [
    [1024, 65_537],
    [1025, 3],
    [1030, 4_294_967_295],
  ] as const) {
    const { privateKey, publicKey } = generateRsaPair(bits, exponent, endless);
    assert.deepEqual(publicKey.asymmetricKeyDetails, { modulusLength: bits, publicExponent: BigInt(exponent) });
    const jwk = privateKey.export({ format: 'jwk' });
    const numbers = [jwk.n, jwk.e, jwk.d, jwk.p, jwk.q, jwk.dp, jwk.dq, jwk.qi].map((text) =>
      numberOf(fromBase64url(String(text))),
    );
    const [n = 0n, e = 0n, d = 0n, p = 0n, q = 0n, dp, dq, qi = 0n] = numbers;
    assert.equal(n, p * q);
    assert.ok(checkPrimeSync(p) && checkPrimeSync(q));
    assert.equal((d * e) % ((p - 1n) * (q - 1n)), 1n);
    assert.ok(d > 1n << BigInt(bits >> 1), 'd is not small');
    assert.ok(p - q > 1n << BigInt((bits >> 1) - 100), 'the primes are apart');
    assert.deepEqual([dp, dq, (qi * q) % p], [d % (p - 1n), d % (q - 1n), 1n]);
    const data = randomBytes(32);
    const encrypted = publicEncrypt(publicKey, data);
    const read = createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    assert.deepEqual(privateDecrypt(read, encrypted), data);
  }
});

test('the search takes small steps, and ends when it is told to', () => {
  let steps = 0;
  const ended = new Error('the time is up');
  const three = (): void => {
    steps += 1;
    if (steps === 3) throw ended;
  };
  assert.throws(() => generateRsaPair(2048, 65_537, three), ended);
  assert.equal(steps, 3);
});
