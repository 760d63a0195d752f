import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

interface SealOptions {
  readonly policy: string;
  readonly associatedData: Uint8Array;
}

/** What `Sealing` of `@enclos/service` is, on which this package does not depend. */
interface Sealing {
  seal(plaintext: Uint8Array, options: SealOptions): Promise<Uint8Array>;
  unseal(blob: Uint8Array, options: SealOptions): Promise<Uint8Array>;
}

/**
 * Sealing without an enclave: AES-256-GCM under a key of one machine.
 * @param notOpened makes the one error that says of a blob that it cannot be opened, and not why.
 * @param key 32 bytes: another sealing with the same key is on the same machine.
 */
export function memorySealing(notOpened: () => Error, key: Uint8Array = new Uint8Array(randomBytes(32))): Sealing {
  return {
    seal: async (plaintext, { policy, associatedData }) => {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      cipher.setAAD(Buffer.concat([Buffer.from(policy), associatedData]));
      const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
      return new Uint8Array(Buffer.concat([nonce, ciphertext, cipher.getAuthTag()]));
    },
    unseal: async (blob, { policy, associatedData }) => {
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, blob.subarray(0, 12), { authTagLength: 16 });
        decipher.setAAD(Buffer.concat([Buffer.from(policy), associatedData]));
        decipher.setAuthTag(blob.subarray(-16));
        return new Uint8Array(Buffer.concat([decipher.update(blob.subarray(12, -16)), decipher.final()]));
      } catch {
        throw notOpened();
      }
    },
  };
}
