import { randomBytes as nodeRandomBytes, webcrypto } from 'node:crypto';

/** Cryptographic randomness. The enclave's own generator, never the host's. */
export function randomBytes(sizeBytes: number): Uint8Array {
  return new Uint8Array(nodeRandomBytes(sizeBytes));
}

export interface EnclaveKeyPair {
  /** The uncompressed point: 0x04, x, y (65 bytes). */
  readonly publicKey: Uint8Array;
  /** Usable, but not exportable: its bytes cannot leave by a mistake of the application. */
  readonly privateKey: webcrypto.CryptoKey;
  readonly pair: webcrypto.CryptoKeyPair;
}

/**
 * A fresh P-256 key pair that never leaves this enclave.
 * @param use `agreement` for ECDH and HPKE, `signature` for ECDSA.
 */
export async function generateKeyPair(use: 'agreement' | 'signature'): Promise<EnclaveKeyPair> {
  const { subtle } = webcrypto;
  const pair =
    use === 'agreement'
      ? await subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, false, ['deriveBits', 'deriveKey'])
      : await subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
  const publicKey = new Uint8Array(await subtle.exportKey('raw', pair.publicKey));
  return Object.freeze({ publicKey, privateKey: pair.privateKey, pair });
}
