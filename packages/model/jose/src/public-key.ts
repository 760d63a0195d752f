import { fromBase64url, toBase64url, toHex, utf8 } from '@enclos/codec';
import type { JsonObject } from '@enclos/codec/json';
import { readPublicKeyInfo, readRsaPublicKey } from '@enclos/codec/x509';
import { reading, refuse } from './refusal.ts';

type Curve = 'P-256' | 'P-384' | 'P-521';

/** A public key in its one canonical form, so that equal keys are equal texts. Each text is base64url. */
export type PublicKey =
  | { readonly type: 'RSA'; readonly n: string; readonly e: string }
  | { readonly type: Curve; readonly x: string; readonly y: string };

/** Ed25519 (RFC 8037 section 2). Tokens of attestation services have no such key, so only callers that ask get one. */
export interface EdwardsKey {
  readonly type: 'Ed25519';
  readonly x: string;
}

/** A key that a signature is verified with. */
export type SignatureKey = EdwardsKey | PublicKey;

const edwardsBytes = 32;
/** RFC 8410 section 3. */
const edwardsIdentifier = '1.3.101.112';
const rsaEncryption = '1.2.840.113549.1.1.1';
const ecPublicKey = '1.2.840.10045.2.1';
const curves: Readonly<Record<string, Curve>> = Object.freeze({
  '1.2.840.10045.3.1.7': 'P-256',
  '1.3.132.0.34': 'P-384',
  '1.3.132.0.35': 'P-521',
});
const coordinateBytes: Readonly<Record<Curve, number>> = Object.freeze({ 'P-256': 32, 'P-384': 48, 'P-521': 66 });
/** RFC 7518 section 3.3 sets the least. Above the most, one signature costs too much to verify. */
const modulus = Object.freeze({ minimumBits: 2048, maximumBytes: 1024 });
/** A larger exponent makes each verification slow, and no key in use has one. */
const maximumExponent = 2 ** 33;

/**
 * The key of a SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7).
 *
 * @param spki DER.
 * @throws a CODEC error for a key of another kind, and for RSA that `publicKeyOfJwk` refuses too.
 */
export function publicKeyOfSpki(spki: Uint8Array): PublicKey {
  const { algorithm, parameters, key } = readPublicKeyInfo(spki);
  if (algorithm === rsaEncryption) {
    // NULL (RFC 3279 section 2.3.1).
    if (parameters.element(0x05).content.length !== 0) refuse('kty', 'The RSA key has parameters.');
    parameters.end();
    const { modulus: n, exponent } = readRsaPublicKey(key, modulus.maximumBytes);
    return rsa(n, exponent);
  }
  if (algorithm !== ecPublicKey) return refuse('kty', 'The public key is neither RSA nor of a curve.');
  const curve = curves[parameters.objectIdentifier()] ?? refuseCurve();
  parameters.end();
  const size = coordinateBytes[curve];
  if (key.length !== 1 + 2 * size || key[0] !== 4) return refuse('members', 'The point is not an uncompressed one.');
  return point(curve, key.subarray(1, 1 + size), key.subarray(1 + size));
}

/**
 * The key that the members of a JWK (RFC 7518 section 6) give: RSA of 2,048 to 8,192 bits, or one of NIST's three
 * curves. Only the public members are read. Undefined for a JWK that has none of them, such as Azure's, which only
 * point into a certificate.
 *
 * @example
 * const key = publicKeyOfJwk({ kty: 'EC', crv: 'P-256', x, y });
 *
 * @throws a CODEC error with the rule `kty`, `crv`, `size`, `exponent` or `members`.
 */
export function publicKeyOfJwk(jwk: JsonObject): PublicKey | undefined {
  if (jwk['kty'] === 'RSA') {
    if (jwk['n'] === undefined && jwk['e'] === undefined) return undefined;
    return rsa(bytesOf(jwk, 'n', modulus.maximumBytes), bytesOf(jwk, 'e', 8));
  }
  if (jwk['kty'] !== 'EC') return refuse('kty', 'The key is neither RSA nor of a curve.');
  if (jwk['crv'] === undefined && jwk['x'] === undefined && jwk['y'] === undefined) return undefined;
  const curve = Object.values(curves).find((name) => name === jwk['crv']) ?? refuseCurve();
  const size = coordinateBytes[curve];
  const x = bytesOf(jwk, 'x', size);
  const y = bytesOf(jwk, 'y', size);
  // RFC 7518 section 6.2.1.2: the full length, also with zeros at the front.
  if (x.length !== size || y.length !== size) return refuse('members', 'A coordinate of the key has another length.');
  return point(curve, x, y);
}

/** As `publicKeyOfJwk`, and Ed25519 too. @throws a CODEC error as it does. */
export function signatureKeyOfJwk(jwk: JsonObject): SignatureKey | undefined {
  if (jwk['kty'] !== 'OKP') return publicKeyOfJwk(jwk);
  if (jwk['crv'] !== 'Ed25519') return refuse('crv', 'The curve of the key is not Ed25519.');
  return edwards(bytesOf(jwk, 'x', edwardsBytes));
}

/** As `publicKeyOfSpki`, and Ed25519 too (RFC 8410). @param spki DER. @throws a CODEC error as it does. */
export function signatureKeyOfSpki(spki: Uint8Array): SignatureKey {
  const { algorithm, parameters, key } = readPublicKeyInfo(spki);
  if (algorithm !== edwardsIdentifier) return publicKeyOfSpki(spki);
  parameters.end();
  return edwards(key);
}

function edwards(x: Uint8Array): EdwardsKey {
  if (x.length !== edwardsBytes) refuse('members', 'An Ed25519 key has another length.');
  return Object.freeze({ type: 'Ed25519', x: toBase64url(x) });
}

/** The public members, without `kty`: n and e, or crv, x and y. */
export function publicMembers(key: SignatureKey): Readonly<Record<string, string>> {
  if (key.type === 'Ed25519') return { crv: key.type, x: key.x };
  return key.type === 'RSA' ? { n: key.n, e: key.e } : { crv: key.type, x: key.x, y: key.y };
}

export function keyTypeOf({ type }: PublicKey): 'RSA' | 'EC' {
  return type === 'RSA' ? 'RSA' : 'EC';
}

function jwkTypeOf(key: SignatureKey): 'EC' | 'OKP' | 'RSA' {
  return key.type === 'Ed25519' ? 'OKP' : keyTypeOf(key);
}

/** A JWK of the public members and `kty` alone. */
export function jwkOf(key: SignatureKey): { readonly kty: 'EC' | 'OKP' | 'RSA'; readonly [member: string]: string } {
  return { kty: jwkTypeOf(key), ...publicMembers(key) };
}

/** What the thumbprint of a key is a hash of (RFC 7638 section 3): its required members in the order of their names. */
export function thumbprintInput(key: SignatureKey): Uint8Array {
  const members = Object.entries(jwkOf(key)).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return utf8(JSON.stringify(Object.fromEntries(members)));
}

export function samePublicKey(left: SignatureKey, right: SignatureKey): boolean {
  return JSON.stringify(jwkOf(left)) === JSON.stringify(jwkOf(right));
}

function rsa(n: Uint8Array, e: Uint8Array): PublicKey {
  const modulusBits = 8 * n.length - Math.clz32(n[0] ?? 0) + 24;
  // RFC 7518 section 6.3.1.1: the number has no zero octet at the front.
  if (n[0] === 0) return refuse('members', 'The RSA modulus begins with a zero.');
  if (modulusBits < modulus.minimumBits) return refuse('size', 'The RSA key is under 2,048 bits.');
  const exponent = Number.parseInt(toHex(e), 16);
  // An exponent of 1 makes every signature good, and no RSA key has an even one.
  if (e[0] === 0 || exponent < 3 || exponent >= maximumExponent || ((e.at(-1) ?? 0) & 1) === 0) {
    return refuse('exponent', 'The RSA exponent is not an odd number from 3 to 2^33.');
  }
  return Object.freeze({ type: 'RSA', n: toBase64url(n), e: toBase64url(e) });
}

function point(type: Curve, x: Uint8Array, y: Uint8Array): PublicKey {
  return Object.freeze({ type, x: toBase64url(x), y: toBase64url(y) });
}

function bytesOf(jwk: JsonObject, name: string, maxBytes: number): Uint8Array {
  const value = jwk[name];
  if (typeof value !== 'string' || value === '') return refuse('members', `The key has no ${name}.`);
  return reading('members', `The member ${name} of the key`, () => fromBase64url(value, { maxBytes }));
}

function refuseCurve(): never {
  return refuse('crv', 'The curve of the key is not P-256, P-384 or P-521.');
}
