/** The hashes and the cipher of Node for `@enclos/ledger`. Runs in Node and in enclaves. */
import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hash } from 'node:crypto';
import { digestBytes, type GcmKey, type KeyedHash, type LedgerDigests, type SealedBytes } from '../digests.ts';

const algorithm = 'aes-256-gcm';
const tagLength = { authTagLength: 16 };
const nothing = new Uint8Array(0);

/** A `Buffer` has a `slice` that shares its memory, which no caller expects of a `Uint8Array`. */
function plain({ buffer, byteOffset, length }: Buffer): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length);
}

/** Node gives 32 bytes as a text of 32 characters in a third of the time that a new `Buffer` takes. */
function digestOf(latin1: string): Uint8Array {
  const bytes = new Uint8Array(digestBytes);
  for (let at = 0; at < digestBytes; at++) bytes[at] = latin1.charCodeAt(at);
  return bytes;
}

/** A key of bytes costs 10 us a call, for Node makes a key object of it each time. */
function hmacSha256(key: Uint8Array): KeyedHash {
  const keyObject = createSecretKey(key);
  return (message) => digestOf(createHmac('sha256', keyObject).update(message).digest('binary'));
}

function aes256Gcm(key: Uint8Array): GcmKey {
  const keyObject = createSecretKey(key);
  return {
    seal(iv, plaintext, authenticated): SealedBytes {
      const cipher = createCipheriv(algorithm, keyObject, iv, tagLength).setAAD(authenticated);
      // GCM is a stream cipher: `final` gives no bytes.
      const ciphertext = plaintext.length === 0 ? nothing : plain(cipher.update(plaintext));
      cipher.final();
      return { ciphertext, tag: plain(cipher.getAuthTag()) };
    },
    open(iv, { ciphertext, tag }, authenticated): Uint8Array | undefined {
      const decipher = createDecipheriv(algorithm, keyObject, iv, tagLength).setAAD(authenticated).setAuthTag(tag);
      const plaintext = plain(decipher.update(ciphertext));
      try {
        decipher.final();
      } catch {
        return undefined;
      }
      return plaintext;
    },
  };
}

/** The hashes and the cipher of OpenSSL. */
export const nodeDigests: LedgerDigests = Object.freeze({
  sha256: (bytes: Uint8Array): Uint8Array => digestOf(hash('sha256', bytes, 'binary')),
  hmacSha256,
  aes256Gcm,
});
