import { isVerifiedToken, type VerifiedToken } from '@enclos/attestation/client';
import { isJsonObject, type JsonObject, type JsonValue } from '@enclos/codec/json';
import { isEnclosError } from '@enclos/errors';
import { publicKeyOfJwk } from '@enclos/jose';
import { nodePublicKeyOf, type EncryptionKey, type NodePublicKey } from '@enclos/jose/node';
import { misused, refuseKey } from './errors.ts';

/** A public key of a requester that a secret may be wrapped to. */
export interface ReleaseKey extends EncryptionKey {
  /** The only algorithm that the key is for, if it says so. */
  readonly algorithm: string | undefined;
}

const maximumKeys = 64;
const operationsFor = Object.freeze({ RSA: ['encrypt', 'wrapKey'], EC: ['deriveKey', 'deriveBits'] });

/**
 * The JWK that the attested code put into its JSON runtime data, which the
 * evidence binds: `x-ms-runtime.keys`. With a kid exactly that one, without one
 * the only key that is for encryption.
 *
 * @throws RELEASE_KEY_REFUSED when there is none, or more than one.
 * @throws RELEASE_MISUSED for a token that no client verified.
 */
export function releaseKeyOf(token: VerifiedToken, kid?: string): JsonObject {
  if (!isVerifiedToken(token)) return misused('The token is not one that an attestation client verified.');
  const keys = isJsonObject(token.runtime) ? token.runtime['keys'] : undefined;
  if (!Array.isArray(keys) || keys.length > maximumKeys) {
    return refuseKey('keys', `The runtime data of the token have no list of up to ${maximumKeys} keys.`);
  }
  const objects = (keys as readonly JsonValue[]).filter(isJsonObject);
  const fitting = objects.filter((jwk) => (kid === undefined ? isForEncryption(jwk) : jwk['kid'] === kid));
  const [found, ...more] = fitting;
  if (found === undefined) return refuseKey('keys', 'The runtime data of the token have no such key.');
  return more.length === 0
    ? found
    : refuseKey('keys', 'The runtime data of the token have several such keys: name one.');
}

/**
 * Reads the public key of a requester strictly.
 *
 * @throws RELEASE_KEY_REFUSED
 */
export function readReleaseKey(jwk: JsonObject): ReleaseKey {
  const { kid, alg } = jwk;
  if (typeof kid !== 'string' || kid === '' || kid.length > 256) return refuseKey('kid', 'The key has no kid.');
  if (alg !== undefined && typeof alg !== 'string') return refuseKey('alg', 'The algorithm of the key is not a text.');
  if (['d', 'p', 'q', 'k'].some((name) => name in jwk)) {
    return refuseKey('private', 'The key is a private one, so everybody who saw the token has it.');
  }
  if (jwk['kty'] !== 'RSA' && jwk['kty'] !== 'EC') return refuseKey('kty', 'The key is neither RSA nor of a curve.');
  if (!isForEncryption(jwk)) return refuseKey('use', 'The key is not for encryption: set use to enc, or key_ops.');
  return Object.freeze({ kid, algorithm: alg, ...readMembers(jwk) });
}

/** By `use` and `key_ops` (RFC 7517 sections 4.2 and 4.3): one of them must say so, and neither otherwise. */
function isForEncryption({ kty, use, key_ops: operations }: JsonObject): boolean {
  const wanted = kty === 'EC' ? operationsFor.EC : operationsFor.RSA;
  if (use !== undefined && use !== 'enc') return false;
  if (operations === undefined) return use === 'enc';
  return Array.isArray(operations) && wanted.some((name) => operations.includes(name));
}

function readMembers(jwk: JsonObject): NodePublicKey {
  const key = orRefuse(() => {
    const publicKey = publicKeyOfJwk(jwk);
    return publicKey === undefined ? undefined : nodePublicKeyOf(publicKey);
  });
  if (key === undefined) return refuseKey('members', 'The key has none of its members.');
  // Secrets are agreed on two curves only, as in Azure.
  return key.type === 'P-521' ? refuseKey('crv', 'The curve of the key is neither P-256 nor P-384.') : key;
}

const rules = ['crv', 'exponent', 'size'] as const;

function orRefuse<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    const rule = rules.find((name) => name === error.details['rule']) ?? 'members';
    return refuseKey(rule, error.message, error);
  }
}
