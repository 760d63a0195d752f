import { concatBytes } from '@enclos/codec';
import type { webcrypto } from 'node:crypto';
import { BoundedMap } from './bounded-map.ts';
import { contentKey } from './content-map.ts';
import type { CryptoAnswer, CryptoRequest, Steps } from './crypto-steps.ts';
import { misused } from './refusal.ts';

/** The part of WebCrypto that verification needs. */
export type Subtle = Pick<webcrypto.SubtleCrypto, 'digest' | 'importKey' | 'verify'>;

type ImportedKey = Promise<webcrypto.CryptoKey | undefined>;

const curve = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const algorithm = { name: 'ECDSA', hash: 'SHA-256' } as const;
const maximumKeys = 256;
const importedKeys = new WeakMap<Subtle, BoundedMap<ImportedKey>>();

/**
 * Drives steps over WebCrypto.
 *
 * @param given `options.subtle` of the caller, or `globalThis.crypto?.subtle`.
 * @throws VERIFIER_MISUSED where there is no WebCrypto: a browser has it in secure contexts only.
 */
export async function runAsync<T>(steps: Steps<T>, given: Subtle | undefined): Promise<T> {
  const subtle = given ?? misused('WebCrypto is not available here; in a browser it needs a secure context.');
  let step = steps.next();
  while (step.done !== true) step = steps.next(await answer(step.value, subtle));
  return step.value;
}

async function answer(request: CryptoRequest, subtle: Subtle): Promise<CryptoAnswer> {
  if (request.kind === 'sha256') return new Uint8Array(await subtle.digest('SHA-256', request.data));
  const key = await importKey(request.publicKey, subtle);
  if (request.kind === 'is-key') return key !== undefined;
  return key !== undefined && subtle.verify(algorithm, key, request.signature, request.signedBytes);
}

function importKey(publicKey: Uint8Array, subtle: Subtle): ImportedKey {
  const keys = importedKeys.get(subtle) ?? new BoundedMap<ImportedKey>(maximumKeys);
  importedKeys.set(subtle, keys);
  const id = contentKey(publicKey);
  const known = keys.get(id);
  if (known !== undefined) return known;
  const point = concatBytes(Uint8Array.of(4), publicKey);
  const key = subtle.importKey('raw', point, curve, true, ['verify']).catch(() => {
    // A rejection means that the point is not on the curve; any other failure must not pass either, nor stay.
    keys.delete(id);
    return undefined;
  });
  keys.set(id, key);
  return key;
}
