import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { concatBytes, toBase64url } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import type { Sealing } from '@enclos/service/state';

export const issuer = 'https://tenant.example';
export const configurationDigest = digestOf('configuration');

export function digestOf(text: string): string {
  return toBase64url(new Uint8Array(createHash('sha256').update(text).digest()));
}

/** AES-256-GCM under a key of one machine, with the interface and the one vague error of sealing. */
export function sealingOf(key: Uint8Array = new Uint8Array(randomBytes(32))): Sealing {
  return {
    seal: async (plaintext, { policy, associatedData }) => {
      const nonce = new Uint8Array(randomBytes(12));
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      cipher.setAAD(concatBytes(Buffer.from(policy), associatedData));
      const ciphertext = concatBytes(cipher.update(plaintext), cipher.final());
      return concatBytes(nonce, ciphertext, cipher.getAuthTag());
    },
    unseal: async (blob, { policy, associatedData }) => {
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, blob.subarray(0, 12), { authTagLength: 16 });
        decipher.setAAD(concatBytes(Buffer.from(policy), associatedData));
        decipher.setAuthTag(blob.subarray(-16));
        return new Uint8Array(concatBytes(decipher.update(blob.subarray(12, -16)), decipher.final()));
      } catch {
        throw new EnclosError('SEAL_NOT_OPENED');
      }
    },
  };
}
