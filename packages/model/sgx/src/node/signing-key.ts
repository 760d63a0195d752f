import '../errors.ts';
import { fromBase64url } from '@enclos/codec';
import { mistakenForPem } from '@enclos/codec/pem';
import { EnclosError } from '@enclos/errors';
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';

const modulusBits = 3072;

/** A new enclave signing key: RSA, 3072 bits, public exponent 3, as EINIT requires. */
export function generateSigningKey(): KeyObject {
  return generateKeyPairSync('rsa', { modulusLength: modulusBits, publicExponent: 3 }).privateKey;
}

/**
 * Reads a signing key.
 *
 * @param pem unencrypted PKCS#8 or PKCS#1, in PEM.
 * @throws SIGNING_KEY_INVALID for anything but a private RSA key of 3072 bits with exponent 3.
 */
export function loadSigningKey(pem: string | Uint8Array): KeyObject {
  const key = readPrivateKey(pem);
  checkSigningKey(key);
  return key;
}

function readPrivateKey(pem: string | Uint8Array): KeyObject {
  try {
    const key = typeof pem === 'string' ? pem : Buffer.from(pem.buffer, pem.byteOffset, pem.byteLength);
    return createPrivateKey({ key, format: 'pem' });
  } catch (cause) {
    // OpenSSL's reasons name the format, never the key.
    const message = `Not an unencrypted private key in PEM.${mistakenForPem(pem)}`;
    throw new EnclosError('SIGNING_KEY_INVALID', message, { cause });
  }
}

/** @throws SIGNING_KEY_INVALID unless the key is RSA, 3072 bits, exponent 3. */
function checkSigningKey(key: KeyObject): void {
  const { modulusLength, publicExponent } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa' && modulusLength === modulusBits && publicExponent === 3n) return;
  const found = [key.asymmetricKeyType ?? key.type, modulusLength, publicExponent && `e=${publicExponent}`];
  const shown = found.filter((part) => part !== undefined).join(' ');
  throw new EnclosError('SIGNING_KEY_INVALID', `The key is ${shown}, not RSA ${modulusBits} with exponent 3.`);
}

/**
 * The modulus of a signing key, private or public, as SIGSTRUCT stores it.
 *
 * @returns 384 bytes, little-endian.
 * @throws SIGNING_KEY_INVALID for another kind of key.
 */
export function publicModulus(key: KeyObject): Uint8Array {
  checkSigningKey(key);
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  const { n } = publicKey.export({ format: 'jwk' });
  if (n === undefined) throw new EnclosError('SIGNING_KEY_INVALID', 'The key has no modulus.');
  return fromBase64url(n).reverse();
}
