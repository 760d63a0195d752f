import '../../errors.ts';
import { fromBase64url } from '@enclos/codec';
import { isJsonObject, parseJsonBytes } from '@enclos/codec/json';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { requireKey } from '../encryption/encrypted-model.ts';

const keyBytes = 32;
const maximumJwkLength = 4096;

/**
 * The key of a model as key services keep it, in the two forms that KServe takes: 32 bytes, or a JWK of the type `oct` with 32
 * bytes (RFC 7518 section 6.4).
 *
 * @throws MODEL_KEY_INVALID
 */
export function readModelKey(bytes: Uint8Array): Uint8Array {
  if (bytes.length === keyBytes) return new Uint8Array(bytes);
  try {
    const jwk = parseJsonBytes(bytes, maximumJwkLength);
    const { kty, k, alg } = isJsonObject(jwk) ? jwk : {};
    if (kty !== 'oct' || typeof k !== 'string' || (alg !== undefined && alg !== 'A256KW')) return refuse();
    const key = fromBase64url(k, { maxBytes: keyBytes });
    requireKey(key);
    return key;
  } catch (error) {
    // The message of a parser could name what it found: part of a key.
    if (!isEnclosError(error)) throw error;
    return refuse();
  }
}

function refuse(): never {
  throw new EnclosError('MODEL_KEY_INVALID', 'The key is neither 32 bytes nor a JWK of the type oct with 32 bytes.');
}
