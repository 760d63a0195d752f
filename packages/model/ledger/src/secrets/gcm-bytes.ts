import { concatBytes } from '@enclos/codec';
import { gcmIvBytes, gcmTagBytes, type GcmKey } from '../digests.ts';

const nothing = new Uint8Array(0);

/** What CCF keeps encrypted in tables (src/crypto/symmetric_key.cpp, GcmCipher): `tag[16] | iv[12] | ciphertext`. */
export function sealBytes(key: GcmKey, iv: Uint8Array, plaintext: Uint8Array): Uint8Array {
  const { tag, ciphertext } = key.seal(iv, plaintext, nothing);
  return concatBytes(tag, iv, ciphertext);
}

/** Undefined where it does not decrypt, or is too short. */
export function openBytes(key: GcmKey, bytes: Uint8Array): Uint8Array | undefined {
  const ciphertextAt = gcmTagBytes + gcmIvBytes;
  if (bytes.length < ciphertextAt) return undefined;
  const sealed = { tag: bytes.subarray(0, gcmTagBytes), ciphertext: bytes.subarray(ciphertextAt) };
  return key.open(bytes.subarray(gcmTagBytes, ciphertextAt), sealed, nothing);
}
