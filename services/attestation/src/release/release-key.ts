import { createPublicKey, type KeyObject } from 'node:crypto';
import { isVerifiedToken, type VerifiedToken } from '@enclos/attestation/client';
import { isJsonObject, type JsonObject, type JsonValue } from '@enclos/codec/json';
import { fromBase64url } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { misused, refuseKey } from './errors.ts';

/** A public key of a requester that a secret may be wrapped to. */
export interface ReleaseKey {
  readonly kid: string;
  readonly type: 'P-256' | 'P-384' | 'RSA';
  /** The only algorithm that the key is for, if it says so. */
  readonly algorithm: string | undefined;
  readonly key: KeyObject;
}

const minimumModulusBits = 2048;
const maximumModulusBits = 8192;
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
  const found = jwk['kty'] === 'RSA' ? readRsa(jwk) : readCurve(jwk);
  return Object.freeze({ kid, algorithm: alg, ...found });
}

/** By `use` and `key_ops` (RFC 7517 sections 4.2 and 4.3): one of them must say so, and neither otherwise. */
function isForEncryption({ kty, use, key_ops: operations }: JsonObject): boolean {
  const wanted = kty === 'EC' ? operationsFor.EC : operationsFor.RSA;
  if (use !== undefined && use !== 'enc') return false;
  if (operations === undefined) return use === 'enc';
  return Array.isArray(operations) && wanted.some((name) => operations.includes(name));
}

function readRsa(jwk: JsonObject): Pick<ReleaseKey, 'key' | 'type'> {
  const key = importKey({ kty: 'RSA', n: member(jwk, 'n'), e: member(jwk, 'e') });
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  if (modulusLength < minimumModulusBits || modulusLength > maximumModulusBits) {
    return refuseKey('size', `The key is not of ${minimumModulusBits} to ${maximumModulusBits} bits.`);
  }
  // With an exponent of 1 the secret would go out as it is.
  if (publicExponent < 3n || publicExponent % 2n === 0n) {
    return refuseKey('exponent', 'The exponent of the key is none.');
  }
  return { key, type: 'RSA' };
}

function readCurve(jwk: JsonObject): Pick<ReleaseKey, 'key' | 'type'> {
  const { crv } = jwk;
  if (crv !== 'P-256' && crv !== 'P-384') return refuseKey('crv', 'The curve of the key is neither P-256 nor P-384.');
  return { key: importKey({ kty: 'EC', crv, x: member(jwk, 'x'), y: member(jwk, 'y') }), type: crv };
}

function importKey(jwk: Readonly<Record<string, string>>): KeyObject {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch (cause) {
    return refuseKey('members', 'The members of the key make no public key.', cause);
  }
}

function member(jwk: JsonObject, name: string): string {
  const value = jwk[name];
  if (typeof value !== 'string' || value === '') return refuseKey('members', `The key has no ${name}.`);
  try {
    fromBase64url(value, { maxBytes: maximumModulusBits / 8 });
  } catch (cause) {
    if (!isEnclosError(cause)) throw cause;
    return refuseKey('members', `The member ${name} of the key is too long, or not canonical base64url.`, cause);
  }
  return value;
}
