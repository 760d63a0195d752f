import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';

import { orFail, outOfRange } from '../../session/failures.ts';
import { inPieces } from '../../session/pieces.ts';
import { generateRsaPair } from './rsa/pair.ts';

/** The search for primes grows with the fourth power of the size, and its smallest step with the third. */
const mostRsaBits = 4096;
const leastRsaBits = 1024;
const usualExponent = 65_537;

const encoding = {
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
} as const;

export function digestOf(algorithm: string, data: Uint8Array, checkTime: () => void): Uint8Array {
  switch (algorithm) {
    case 'SHA-256':
    case 'SHA-384':
    case 'SHA-512': {
      const hash = createHash(algorithm.replace('-', '').toLowerCase());
      inPieces(data, checkTime, (piece) => hash.update(piece));
      return hash.digest();
    }
    default:
      throw outOfRange('unsupported digest algorithm, supported: SHA-256, SHA-384, SHA-512');
  }
}

export function aesKey(bits: number): Uint8Array {
  if (bits !== 128 && bits !== 192 && bits !== 256) throw outOfRange('invalid key size (not one of 128, 192, 256)');
  return randomBytes(bits / 8);
}

/** Key pairs are JSON of `{ privateKey, publicKey }`, both PEM. */
export function rsaPair(bits: number, exponent: number | undefined, checkTime: () => void): string {
  return orFail('Failed to generate RSA key pair', () => {
    if (bits < leastRsaBits || bits > mostRsaBits) {
      throw new Error(`the size must be from ${leastRsaBits} to ${mostRsaBits} bits`);
    }
    const publicExponent = exponent ?? usualExponent;
    if (publicExponent < 3 || publicExponent % 2 === 0) throw new Error('the exponent must be odd, and at least 3');
    const { publicKey, privateKey } = generateRsaPair(bits, publicExponent, checkTime);
    return JSON.stringify({
      publicKey: publicKey.export(encoding.publicKeyEncoding),
      privateKey: privateKey.export(encoding.privateKeyEncoding),
    });
  });
}

export function ecdsaPair(curve: string): string {
  if (curve !== 'secp256r1' && curve !== 'secp384r1') {
    throw outOfRange('Unsupported curve id, supported: secp256r1, secp384r1');
  }
  // OpenSSL knows the first by its other name.
  const namedCurve = curve === 'secp256r1' ? 'prime256v1' : curve;
  return JSON.stringify(generateKeyPairSync('ec', { namedCurve, ...encoding }));
}

export function eddsaPair(curve: string): string {
  if (curve === 'curve25519') return JSON.stringify(generateKeyPairSync('ed25519', encoding));
  if (curve === 'x25519') return JSON.stringify(generateKeyPairSync('x25519', encoding));
  throw outOfRange('Unsupported curve id, supported: curve25519, x25519');
}
