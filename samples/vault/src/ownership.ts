import type { webcrypto } from 'node:crypto';
import { encodeValue } from '@enclos/edl';
import type { Encrypted } from './encryption.ts';
import { replacementOrder, replacementPurpose } from './vault.edl.ts';

/** An owner's order that this upload becomes this version of this secret. */
export interface Replacement {
  readonly name: string;
  readonly version: number;
  readonly upload: Encrypted;
}

const curve = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const algorithm = { name: 'ECDSA', hash: 'SHA-256' } as const;

/** ECDSA over the SHA-256 of the whole order, including the upload's ciphertext; r then s. */
export async function signReplacement(privateKey: webcrypto.CryptoKey, order: Replacement): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.sign(algorithm, privateKey, signedBytes(order)));
}

export async function isSignedBy(owner: Uint8Array, order: Replacement, signature: Uint8Array): Promise<boolean> {
  const key = await crypto.subtle.importKey('raw', Uint8Array.from(owner), curve, false, ['verify']);
  return crypto.subtle.verify(algorithm, key, Uint8Array.from(signature), signedBytes(order));
}

function signedBytes(order: Replacement): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(encodeValue(replacementOrder, { purpose: replacementPurpose, ...order }));
}
