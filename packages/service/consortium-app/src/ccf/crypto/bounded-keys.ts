import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

import { readWholeSequence } from '@enclos/codec';

/** The longest key, or certificate that stands for one, in characters or bytes. */
const mostKeyLength = 65_536;
/** An operation takes milliseconds, and eight times as long for twice the size. */
const mostPrivateRsaBits = 4096;
/** The primes of a modulus may differ by so many bytes. */
const unevenBytes = 8;

/** Nothing can end an operation of a key. What a script gives is such that it ends by itself, in a few milliseconds. */
export function requireKeyLength(key: string | Uint8Array): void {
  if (key.length > mostKeyLength) throw new Error(`a key has at most ${mostKeyLength} bytes`);
}

/** @param key PEM */
export function publicKeyOf(key: string | Uint8Array): KeyObject {
  requireKeyLength(key);
  return createPublicKey(typeof key === 'string' ? key : Buffer.from(key));
}

/** @param key PEM. Its numbers need not be those of a key, but they have the size. */
export function privateKeyOf(key: string | Uint8Array): KeyObject {
  requireKeyLength(key);
  const made = createPrivateKey(typeof key === 'string' ? key : Buffer.from(key));
  if (made.asymmetricKeyType === 'rsa') requireRsaSizes(made);
  return made;
}

/** RFC 8017, appendix A.1.2. OpenSSL raises to whatever exponents the key holds, however long. */
function requireRsaSizes(key: KeyObject): void {
  if ((key.asymmetricKeyDetails?.modulusLength ?? 0) > mostPrivateRsaBits) {
    throw new Error(`a private RSA key has at most ${mostPrivateRsaBits} bits`);
  }
  try {
    const numbers = readWholeSequence(key.export({ type: 'pkcs1', format: 'der' }));
    // A second version has further primes.
    numbers.integer(0);
    const { length } = numbers.magnitude(mostPrivateRsaBits / 8);
    numbers.magnitude(length);
    numbers.magnitude(length);
    for (let at = 0; at < 5; at++) numbers.magnitude(Math.ceil(length / 2) + unevenBytes);
    numbers.end();
  } catch (error) {
    throw new Error('the RSA key has numbers of other sizes than its modulus demands', { cause: error });
  }
}
