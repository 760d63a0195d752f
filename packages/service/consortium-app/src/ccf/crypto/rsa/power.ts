import { createPrivateKey, createPublicKey } from 'node:crypto';

import {
  derInteger,
  derMagnitude,
  derOctetString,
  derOid,
  DerReader,
  derSequence,
  readWholeSequence,
} from '@enclos/codec';

import { bytesOf, numberOf } from './numbers.ts';

/** PKCS 3, dhKeyAgreement. */
const diffieHellman = derOid('1.2.840.113549.1.3.1');

/**
 * `base` to the power of `exponent`, modulo an odd number of 512 bits or more. The exponent is a secret: it would show in the time that
 * a BigInt takes. OpenSSL computes the public key of a Diffie-Hellman key when it reads the private one, in constant time, and never
 * asks whether its modulus is a prime.
 */
export function powerOf(base: bigint, exponent: bigint, modulus: bigint): bigint {
  const parameters = derSequence(derMagnitude(bytesOf(modulus)), derMagnitude(bytesOf(base)));
  const secret = derOctetString(derMagnitude(bytesOf(exponent)));
  const key = Buffer.from(derSequence(derInteger(0), derSequence(diffieHellman, parameters), secret));
  const spki = createPublicKey(createPrivateKey({ key, format: 'der', type: 'pkcs8' })).export({
    type: 'spki',
    format: 'der',
  });
  const inside = readWholeSequence(spki);
  inside.sequence();
  return numberOf(new DerReader(inside.bitString().bytes).magnitude(spki.length));
}
