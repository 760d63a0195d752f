import { concatBytes, toHex } from '@enclos/codec';
import type { webcrypto } from 'node:crypto';
import { misused } from './refusal.ts';

/** The part of WebCrypto that verification needs. */
export type Subtle = Pick<webcrypto.SubtleCrypto, 'digest' | 'importKey' | 'verify'>;

/** Checks ECDSA P-256 signatures with SHA-256 for one verification; a key is imported once. */
export interface Signatures {
  /** False when the 64 bytes x then y are not a point of the curve. */
  readonly isKey: (publicKey: Uint8Array) => Promise<boolean>;
  /** False for a wrong signature (64 bytes, r then s) and for a key that is none. */
  readonly verify: (publicKey: Uint8Array, signature: Uint8Array, signedBytes: Uint8Array) => Promise<boolean>;
  readonly sha256: (data: Uint8Array) => Promise<Uint8Array>;
}

const curve = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const algorithm = { name: 'ECDSA', hash: 'SHA-256' } as const;

/** @throws VERIFIER_MISUSED where there is no WebCrypto: a browser has it in secure contexts only. */
export function createSignatures(given: Subtle | undefined): Signatures {
  const subtle = given ?? misused('WebCrypto is not available here; in a browser it needs a secure context.');
  const keys = new Map<string, Promise<webcrypto.CryptoKey | undefined>>();

  function importKey(publicKey: Uint8Array): Promise<webcrypto.CryptoKey | undefined> {
    const id = toHex(publicKey);
    const known = keys.get(id);
    if (known !== undefined) return known;
    const point = concatBytes(Uint8Array.of(4), publicKey);
    // A rejection means that the point is not on the curve, and any other failure must not pass either.
    const key = subtle.importKey('raw', point, curve, true, ['verify']).catch(() => undefined);
    keys.set(id, key);
    return key;
  }

  return {
    isKey: async (publicKey) => (await importKey(publicKey)) !== undefined,
    async verify(publicKey, signature, signedBytes) {
      const key = await importKey(publicKey);
      return key !== undefined && (await subtle.verify(algorithm, key, signature, signedBytes));
    },
    sha256: async (data) => new Uint8Array(await subtle.digest('SHA-256', data)),
  };
}
