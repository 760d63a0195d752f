import { constants, verify, type KeyObject } from 'node:crypto';

/** Signature algorithms of RFC 7518 section 3.1 that are read here. `none` and HMACs are none of them. */
export type JwsAlgorithm = 'RS256' | 'RS384' | 'RS512' | 'PS256' | 'PS384' | 'PS512' | 'ES256' | 'ES384' | 'ES512';

interface RsaForm {
  readonly hash: string;
  readonly padding: 'pkcs1' | 'pss';
}
interface EcForm {
  readonly hash: string;
  /** As node:crypto names it. An ES algorithm stands for its curve too (RFC 7518 section 3.4). */
  readonly curve: string;
}

const forms: ReadonlyMap<string, RsaForm | EcForm> = new Map<JwsAlgorithm, RsaForm | EcForm>([
  ['RS256', { hash: 'sha256', padding: 'pkcs1' }],
  ['RS384', { hash: 'sha384', padding: 'pkcs1' }],
  ['RS512', { hash: 'sha512', padding: 'pkcs1' }],
  ['PS256', { hash: 'sha256', padding: 'pss' }],
  ['PS384', { hash: 'sha384', padding: 'pss' }],
  ['PS512', { hash: 'sha512', padding: 'pss' }],
  ['ES256', { hash: 'sha256', curve: 'prime256v1' }],
  ['ES384', { hash: 'sha384', curve: 'secp384r1' }],
  ['ES512', { hash: 'sha512', curve: 'secp521r1' }],
]);

const curves: ReadonlySet<string | undefined> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

/** RFC 7518 section 3.3 sets the least. Above the most, one signature of a stranger's costs too much to verify. */
const rsaBits = { least: 2048, most: 8192 };

/** A public key that may sign anything here: RSA of 2048 bits or more, or one of NIST's three curves. */
export function isStrongKey(key: KeyObject): boolean {
  if (key.type !== 'public') return false;
  const { modulusLength, publicExponent, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'ec') return curves.has(namedCurve);
  if (key.asymmetricKeyType !== 'rsa' || modulusLength === undefined || publicExponent === undefined) return false;
  if (modulusLength < rsaBits.least || modulusLength > rsaBits.most) return false;
  return publicExponent >= 3n && publicExponent < 2n ** 33n && publicExponent % 2n === 1n;
}

/** True when `key` is of the kind that `algorithm` wants, and strong enough. A key never works as another kind. */
function fitsAlgorithm(key: KeyObject, algorithm: string): boolean {
  const form = forms.get(algorithm);
  if (form === undefined || !isStrongKey(key)) return false;
  if ('curve' in form) return key.asymmetricKeyDetails?.namedCurve === form.curve;
  return key.asymmetricKeyType === 'rsa';
}

/** The other side of a signature: over `input`, by `key`, with exactly this algorithm. False for a key that does not fit. */
export function verifySignature(
  algorithm: string,
  key: KeyObject,
  signed: { readonly input: Uint8Array; readonly signature: Uint8Array },
): boolean {
  const form = forms.get(algorithm);
  if (form === undefined || !fitsAlgorithm(key, algorithm)) return false;
  const { input, signature } = signed;
  // Fixed-size r and s (RFC 7518 section 3.4); DER would be a second text with the same meaning.
  if ('curve' in form) return verify(form.hash, input, { key, dsaEncoding: 'ieee-p1363' }, signature);
  if (form.padding === 'pkcs1') {
    return verify(form.hash, input, { key, padding: constants.RSA_PKCS1_PADDING }, signature);
  }
  // The salt is as long as the hash (RFC 7518 section 3.5).
  const pss = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  return verify(form.hash, input, pss, signature);
}
