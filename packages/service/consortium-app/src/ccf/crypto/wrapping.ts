import {
  constants,
  createCipheriv,
  createDecipheriv,
  privateDecrypt,
  publicEncrypt,
  type KeyObject,
} from 'node:crypto';

import { concatBytes } from '@enclos/codec';

import { orFail, outOfRange } from '../../session/failures.ts';
import { privateKeyOf, publicKeyOf } from './bounded-keys.ts';
import { aesKey } from './keys.ts';

export interface WrappingAlgorithm {
  readonly name: string;
  readonly label: Uint8Array | undefined;
  /** Bits; for RSA-OAEP-AES-KWP. */
  readonly aesKeySize: number;
}

/** The initial value of RFC 5649, section 3. */
const keyWrapStart = Uint8Array.of(0xa6, 0x59, 0x59, 0xa6);
/** AES-KWP goes six times over what it wraps, and nothing can end it. No key, nor a label, is longer. */
const mostBytes = 65_536;
const names = 'supported: RSA-OAEP, AES-KWP, RSA-OAEP-AES-KWP';

/** The wrapping key is a public RSA key in PEM, or for AES-KWP the key itself. */
export function wrapKey(algorithm: WrappingAlgorithm, key: Uint8Array, wrappingKey: Uint8Array): Uint8Array {
  return orFail('Failed to wrap key', () => {
    requireShort(key, algorithm);
    switch (algorithm.name) {
      case 'RSA-OAEP':
        return oaepWrap(key, wrappingKey, algorithm.label);
      case 'AES-KWP':
        return aesWrap(key, wrappingKey);
      case 'RSA-OAEP-AES-KWP': {
        // PKCS 11, CKM_RSA_AES_KEY_WRAP: a fresh AES key under RSA, then the key under AES.
        const between = aesKey(algorithm.aesKeySize);
        return concatBytes(oaepWrap(between, wrappingKey, algorithm.label), aesWrap(key, between));
      }
      default:
        throw outOfRange(`unsupported key wrapping algorithm, ${names}`);
    }
  });
}

/** The unwrapping key is a private RSA key in PEM, or for AES-KWP the key itself. */
export function unwrapKey(algorithm: WrappingAlgorithm, wrapped: Uint8Array, unwrappingKey: Uint8Array): Uint8Array {
  return orFail('Failed to unwrap key', () => {
    requireShort(wrapped, algorithm);
    switch (algorithm.name) {
      case 'RSA-OAEP':
        return oaepUnwrap(wrapped, privateKeyOf(unwrappingKey), algorithm.label);
      case 'AES-KWP':
        return aesUnwrap(wrapped, unwrappingKey);
      case 'RSA-OAEP-AES-KWP': {
        const key = privateKeyOf(unwrappingKey);
        const length = (key.asymmetricKeyDetails?.modulusLength ?? 0) / 8;
        const between = oaepUnwrap(wrapped.subarray(0, length), key, algorithm.label);
        return aesUnwrap(wrapped.subarray(length), between);
      }
      default:
        throw outOfRange(`unsupported key unwrapping algorithm, ${names}`);
    }
  });
}

function requireShort(key: Uint8Array, { label }: WrappingAlgorithm): void {
  if (key.length > mostBytes) throw new Error(`at most ${mostBytes} bytes are wrapped`);
  if (label !== undefined && label.length > mostBytes) throw new Error(`a label has at most ${mostBytes} bytes`);
}

function oaep(key: KeyObject, label: Uint8Array | undefined) {
  if (key.asymmetricKeyType !== 'rsa') throw new Error('an RSA key is needed');
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  return { key, padding, oaepHash: 'sha256', ...(label === undefined ? {} : { oaepLabel: label }) };
}

function oaepWrap(key: Uint8Array, pem: Uint8Array, label: Uint8Array | undefined): Uint8Array {
  return publicEncrypt(oaep(publicKeyOf(pem), label), key);
}

function oaepUnwrap(wrapped: Uint8Array, key: KeyObject, label: Uint8Array | undefined): Uint8Array {
  return privateDecrypt(oaep(key, label), wrapped);
}

function wrapCipher(key: Uint8Array): string {
  if (key.length !== 16 && key.length !== 24 && key.length !== 32) throw new Error('the AES key has a wrong size');
  return `id-aes${key.length * 8}-wrap-pad`;
}

function aesWrap(key: Uint8Array, wrappingKey: Uint8Array): Uint8Array {
  const cipher = createCipheriv(wrapCipher(wrappingKey), wrappingKey, keyWrapStart);
  return concatBytes(cipher.update(key), cipher.final());
}

function aesUnwrap(wrapped: Uint8Array, unwrappingKey: Uint8Array): Uint8Array {
  const decipher = createDecipheriv(wrapCipher(unwrappingKey), unwrappingKey, keyWrapStart);
  return concatBytes(decipher.update(wrapped), decipher.final());
}
