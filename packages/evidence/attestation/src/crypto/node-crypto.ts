import { BoundedMap } from '@enclos/bounded';
import { derEcdsaSignature } from '@enclos/codec';
import { decodeLatin1 } from '@enclos/codec/text';
import type { CryptoAnswer, CryptoRequest, Steps } from './crypto-steps.ts';
import * as nodeCrypto from 'node:crypto';
import { isKeyOf, verifyOptions } from './spki-schemes.ts';

/** The part of node:crypto that verification needs; callers that count or replace operations pass another. */
export type SyncCrypto = Pick<typeof nodeCrypto, 'createHash' | 'createPublicKey' | 'verify'>;

const maximumKeys = 256;
const importedKeys = new WeakMap<SyncCrypto, BoundedMap<nodeCrypto.KeyObject>>();

/** Drives steps over node:crypto, without leaving the caller's turn. */
export function runSync<T>(steps: Steps<T>, crypto: SyncCrypto = nodeCrypto): T {
  let step = steps.next();
  while (step.done !== true) step = steps.next(answer(step.value, crypto));
  return step.value;
}

/** The same, with the signatures of P-256 on the threads of node:crypto: one takes a fifth of a verification. */
export async function runOnThreads<T>(steps: Steps<T>, crypto: SyncCrypto = nodeCrypto): Promise<T> {
  let step = steps.next();
  while (step.done !== true) {
    const { value } = step;
    step = steps.next(value.kind === 'verify' ? await onThread(value, crypto) : answer(value, crypto));
  }
  return step.value;
}

function onThread(request: PointSignature, crypto: SyncCrypto): Promise<boolean> {
  const inputs = inputsOf(request, crypto);
  if (inputs === undefined) return Promise.resolve(false);
  return new Promise((resolve, reject) => crypto.verify(...inputs, settling(resolve, reject)));
}

/**
 * What node:crypto calls with the answer. It is made apart from what is verified: Node keeps the function where only a full
 * collection of garbage frees it, and with it all that the function could refer to.
 */
function settling(resolve: (is: boolean) => void, reject: (error: Error) => void) {
  return (error: Error | null, is: boolean): void => (error ? reject(error) : resolve(is));
}

function answer(request: CryptoRequest, crypto: SyncCrypto): CryptoAnswer {
  if (request.kind === 'sha256') return new Uint8Array(crypto.createHash('sha256').update(request.data).digest());
  const { publicKey } = request;
  if (request.kind === 'verify-spki') {
    const spki = { key: Buffer.from(publicKey), format: 'der', type: 'spki' } as const;
    const spkiKey = importOnce(decodeLatin1(publicKey), crypto, () => crypto.createPublicKey(spki));
    // Under a key of another type the options would mean another scheme.
    if (spkiKey === undefined || !isKeyOf(request.scheme, spkiKey)) return false;
    const { hash, options } = verifyOptions[request.scheme];
    return crypto.verify(hash, request.signedBytes, { key: spkiKey, ...options }, request.signature);
  }
  if (request.kind === 'is-key') return pointKey(publicKey, crypto) !== undefined;
  const inputs = inputsOf(request, crypto);
  return inputs !== undefined && crypto.verify(...inputs);
}

type PointSignature = CryptoRequest & { readonly kind: 'verify' };

/** What node:crypto verifies, unless the key or the signature cannot be one. In DER, which needs no options: with those Node 24 takes half as long again. */
function inputsOf({ publicKey, signedBytes, signature }: PointSignature, crypto: SyncCrypto) {
  const key = pointKey(publicKey, crypto);
  if (key === undefined || signature.length !== 64) return undefined;
  return ['sha256', signedBytes, key, derEcdsaSignature(signature)] as const;
}

function pointKey(publicKey: Uint8Array, crypto: SyncCrypto): nodeCrypto.KeyObject | undefined {
  return importOnce(decodeLatin1(publicKey), crypto, () => importPoint(publicKey, crypto));
}

function importPoint(publicKey: Uint8Array, crypto: SyncCrypto): nodeCrypto.KeyObject {
  const coordinate = (start: number): string =>
    Buffer.from(publicKey.subarray(start, start + 32)).toString('base64url');
  // A JWK costs two thirds of what a SubjectPublicKeyInfo costs to import.
  const jwk = { kty: 'EC', crv: 'P-256', x: coordinate(0), y: coordinate(32) };
  return crypto.createPublicKey({ key: jwk, format: 'jwk' });
}

/** By content; a point of P-256 has a length that no SubjectPublicKeyInfo has. */
function importOnce(
  id: string,
  crypto: SyncCrypto,
  load: () => nodeCrypto.KeyObject,
): nodeCrypto.KeyObject | undefined {
  const keys = importedKeys.get(crypto) ?? new BoundedMap<nodeCrypto.KeyObject>(maximumKeys);
  importedKeys.set(crypto, keys);
  const known = keys.get(id);
  if (known !== undefined) return known;
  try {
    const key = load();
    keys.set(id, key);
    return key;
  } catch {
    // The bytes are not such a key; any other failure must not pass either.
    return undefined;
  }
}
