/** Hashes and a cipher in JavaScript for `@enclos/ledger`: WebCrypto has only asynchronous ones. Runs in browsers. */
import { gcm } from '@noble/ciphers/aes.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes } from '@enclos/codec';
import { gcmTagBytes, type GcmKey, type LedgerDigests } from '../digests.ts';

function aes256Gcm(key: Uint8Array): GcmKey {
  return {
    seal(iv, plaintext, authenticated) {
      const sealed = gcm(key, iv, authenticated).encrypt(plaintext);
      const end = sealed.length - gcmTagBytes;
      return { ciphertext: sealed.subarray(0, end), tag: sealed.subarray(end) };
    },
    open(iv, { ciphertext, tag }, authenticated) {
      try {
        return gcm(key, iv, authenticated).decrypt(concatBytes(ciphertext, tag));
      } catch {
        return undefined;
      }
    },
  };
}

/** The hashes and the cipher of the audited libraries of Paul Miller (@noble/hashes, @noble/ciphers). */
export const webDigests: LedgerDigests = Object.freeze({
  sha256,
  hmacSha256: (key: Uint8Array) => (message: Uint8Array) => hmac(sha256, key, message),
  aes256Gcm,
});
