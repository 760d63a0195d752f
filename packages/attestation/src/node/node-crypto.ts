import { BoundedMap } from '../bounded-map.ts';
import { contentKey } from '../content-map.ts';
import type { CryptoAnswer, CryptoRequest, Steps } from '../crypto-steps.ts';
import * as nodeCrypto from 'node:crypto';

/** The part of node:crypto that verification needs; a caller who counts or replaces operations gives another. */
export type SyncCrypto = Pick<typeof nodeCrypto, 'createHash' | 'createPublicKey' | 'verify'>;

const maximumKeys = 256;
const importedKeys = new WeakMap<SyncCrypto, BoundedMap<nodeCrypto.KeyObject>>();

/** Drives steps over node:crypto, without leaving the caller's turn. */
export function runSync<T>(steps: Steps<T>, crypto: SyncCrypto = nodeCrypto): T {
  let step = steps.next();
  while (step.done !== true) step = steps.next(answer(step.value, crypto));
  return step.value;
}

function answer(request: CryptoRequest, crypto: SyncCrypto): CryptoAnswer {
  if (request.kind === 'sha256') return new Uint8Array(crypto.createHash('sha256').update(request.data).digest());
  const key = importKey(request.publicKey, crypto);
  if (request.kind === 'is-key') return key !== undefined;
  if (key === undefined) return false;
  return crypto.verify('sha256', request.signedBytes, { key, dsaEncoding: 'ieee-p1363' }, request.signature);
}

function importKey(publicKey: Uint8Array, crypto: SyncCrypto): nodeCrypto.KeyObject | undefined {
  const keys = importedKeys.get(crypto) ?? new BoundedMap<nodeCrypto.KeyObject>(maximumKeys);
  importedKeys.set(crypto, keys);
  const id = contentKey(publicKey);
  const known = keys.get(id);
  if (known !== undefined) return known;
  const coordinate = (start: number): string =>
    Buffer.from(publicKey.subarray(start, start + 32)).toString('base64url');
  try {
    // A JWK costs two thirds of what a SubjectPublicKeyInfo costs to import.
    const jwk = { kty: 'EC', crv: 'P-256', x: coordinate(0), y: coordinate(32) };
    const key = crypto.createPublicKey({ key: jwk, format: 'jwk' });
    keys.set(id, key);
    return key;
  } catch {
    // The point is not on the curve; any other failure must not pass either.
    return undefined;
  }
}
