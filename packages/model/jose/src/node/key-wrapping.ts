import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import { concatBytes, utf8 } from '@enclos/codec';

/** RFC 3394 section 2.2.3.1. */
const keyWrapInitialValue = new Uint8Array(8).fill(0xa6);
const wrappingAlgorithm = 'id-aes256-wrap';

/** AES key wrap (RFC 3394) under a key of 32 bytes. */
export function wrapKey(key: Uint8Array, wrappingKey: Uint8Array): Uint8Array {
  const cipher = createCipheriv(wrappingAlgorithm, wrappingKey, keyWrapInitialValue);
  return concatBytes(cipher.update(key), cipher.final());
}

/** Undefined for a key that was not wrapped under this one. */
export function unwrapKey(wrapped: Uint8Array, wrappingKey: Uint8Array): Uint8Array | undefined {
  try {
    const decipher = createDecipheriv(wrappingAlgorithm, wrappingKey, keyWrapInitialValue);
    return concatBytes(decipher.update(wrapped), decipher.final());
  } catch {
    return undefined;
  }
}

/** The Concat KDF of NIST SP 800-56A for 256 bits, one round, without party information (RFC 7518 section 4.6.2). */
export function deriveKey(agreed: Uint8Array, algorithm: string): Uint8Array {
  const name = utf8(algorithm);
  return createHash('sha256')
    .update(concatBytes(u32(1), agreed, u32(name.length), name, u32(0), u32(0), u32(256)))
    .digest();
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}
