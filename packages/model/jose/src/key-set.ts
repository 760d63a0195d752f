import { isJsonObject, type JsonObject, type JsonValue } from '@enclos/codec/json';
import { refuse } from './refusal.ts';

const maximumKidLength = 512;

/**
 * The keys of a JSON Web Key Set (RFC 7517 section 5) by `kid`, each as `readKey` gives it. A key without a `kid` is
 * left out, because nothing can point to it.
 *
 * @param keys the member `keys` of the set.
 * @param readKey decides about one key. One that cannot be used should not spoil the others: give a value for it.
 * @throws CODEC_INVALID with the rule `keys` for more than `maxKeys`, for a key that is not an object, and for two keys
 * with one `kid`, whatever they are for.
 */
export function readKeySet<T>(
  keys: JsonValue | undefined,
  maxKeys: number,
  readKey: (kid: string, jwk: JsonObject) => T,
): ReadonlyMap<string, T> {
  if (!Array.isArray(keys) || keys.length > maxKeys) {
    return refuse('keys', `The key set is not a list of up to ${maxKeys} keys.`);
  }
  const found = new Map<string, T>();
  for (const jwk of keys as readonly JsonValue[]) {
    if (!isJsonObject(jwk)) return refuse('keys', 'The key set has a key that is not a JSON object.');
    const { kid } = jwk;
    if (typeof kid !== 'string' || kid === '' || kid.length > maximumKidLength) continue;
    if (found.has(kid)) return refuse('keys', 'Two keys of the key set have one kid.');
    found.set(kid, readKey(kid, jwk));
  }
  return found;
}

/**
 * What a JWK says that its key is for (RFC 7517 sections 4.2 to 4.4).
 *
 * @returns the only algorithm that the key is for; undefined if the JWK names none.
 * @throws CODEC_INVALID with the rule `use` for a key that is not for verifying signatures, and `alg` for an algorithm
 * that is not a text.
 */
export function algorithmOfSignatureKey({ use, key_ops: operations, alg }: JsonObject): string | undefined {
  if (use !== undefined && use !== 'sig') return refuse('use', 'The key is not for signatures.');
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) {
    return refuse('use', 'The key is not for verifying signatures.');
  }
  if (alg !== undefined && typeof alg !== 'string') return refuse('alg', 'The algorithm of the key is not a text.');
  return alg;
}
