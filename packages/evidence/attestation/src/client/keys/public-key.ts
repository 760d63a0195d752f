import { fromBase64url, toBase64url, toHex } from '@enclos/codec';
import { readPublicKeyInfo, readRsaPublicKey } from '@enclos/codec/x509';
import { EnclosError } from '@enclos/errors';
import type { JsonObject } from '@enclos/codec/json';
import type { SignatureScheme } from './algorithms.ts';

/** A public key in its one canonical form, so that equal keys are equal texts. */
export type PublicKey =
  | { readonly type: 'RSA'; readonly n: string; readonly e: string }
  | { readonly type: 'P-256' | 'P-384' | 'P-521'; readonly x: string; readonly y: string };

const rsaEncryption = '1.2.840.113549.1.1.1';
const ecPublicKey = '1.2.840.10045.2.1';
const curves: Readonly<Record<string, 'P-256' | 'P-384' | 'P-521'>> = Object.freeze({
  '1.2.840.10045.3.1.7': 'P-256',
  '1.3.132.0.34': 'P-384',
  '1.3.132.0.35': 'P-521',
});
const coordinateBytes = Object.freeze({ 'P-256': 32, 'P-384': 48, 'P-521': 66 });
const minimumModulusBits = 2048;
const maximumModulusBytes = 1024;

/** @throws a CODEC error for a key of another kind, and for RSA below 2,048 or above 8,192 bits. */
export function publicKeyOfSpki(spki: Uint8Array): PublicKey {
  const { algorithm: type, parameters, key } = readPublicKeyInfo(spki);
  if (type === rsaEncryption) {
    // NULL (RFC 3279 section 2.3.1).
    if (parameters.element(0x05).content.length !== 0) throw invalid('RSA with parameters.');
    parameters.end();
    const { modulus, exponent } = readRsaPublicKey(key, maximumModulusBytes);
    return rsa(modulus, exponent);
  }
  if (type !== ecPublicKey) throw invalid('A public key that is neither RSA nor of a curve.');
  const curve = curves[parameters.objectIdentifier()];
  parameters.end();
  if (curve === undefined) throw invalid('A curve other than P-256, P-384 and P-521.');
  const size = coordinateBytes[curve];
  if (key.length !== 1 + 2 * size || key[0] !== 4) throw invalid('Not an uncompressed point.');
  return point(curve, key.subarray(1, 1 + size), key.subarray(1 + size));
}

/**
 * The key that the members of a JWK (RFC 7518 section 6) give; undefined for a JWK
 * that has none of them, as Azure's, which only point into a certificate.
 *
 * @throws a CODEC error for members that make no such key.
 */
export function publicKeyOfJwk(jwk: JsonObject): PublicKey | undefined {
  if (jwk['kty'] === 'RSA') {
    if (jwk['n'] === undefined && jwk['e'] === undefined) return undefined;
    return rsa(bytesOf(jwk, 'n', maximumModulusBytes), bytesOf(jwk, 'e', 8));
  }
  if (jwk['kty'] !== 'EC') throw invalid('A key type other than RSA and EC.');
  if (jwk['crv'] === undefined && jwk['x'] === undefined && jwk['y'] === undefined) return undefined;
  const curve = Object.values(curves).find((name) => name === jwk['crv']);
  if (curve === undefined) throw invalid('A curve other than P-256, P-384 and P-521.');
  const size = coordinateBytes[curve];
  const x = bytesOf(jwk, 'x', size);
  const y = bytesOf(jwk, 'y', size);
  // RFC 7518 section 6.2.1.2: the full length, also with zeros at the front.
  if (x.length !== size || y.length !== size) throw invalid('A coordinate of another length.');
  return point(curve, x, y);
}

export function samePublicKey(left: PublicKey, right: PublicKey): boolean {
  return JSON.stringify(toJwk(left)) === JSON.stringify(toJwk(right));
}

export function toJwk(key: PublicKey): JsonWebKey {
  return key.type === 'RSA' ? { kty: 'RSA', n: key.n, e: key.e } : { kty: 'EC', crv: key.type, x: key.x, y: key.y };
}

export function fits(key: PublicKey, scheme: SignatureScheme): boolean {
  return key.type === scheme.keyType;
}

type JsonWebKey = Readonly<Record<string, string>>;

function rsa(n: Uint8Array, e: Uint8Array): PublicKey {
  const modulusBits = 8 * n.length - Math.clz32(n[0] ?? 0) + 24;
  if (n[0] === 0 || modulusBits < minimumModulusBits) throw invalid('An RSA key under 2,048 bits.');
  const exponent = Number.parseInt(toHex(e), 16);
  // An exponent of 1 makes every signature good, and an even one is of no RSA key.
  if (e[0] === 0 || exponent < 3 || ((e.at(-1) ?? 0) & 1) === 0) throw invalid('An RSA exponent that is none.');
  return Object.freeze({ type: 'RSA', n: toBase64url(n), e: toBase64url(e) });
}

function point(type: 'P-256' | 'P-384' | 'P-521', x: Uint8Array, y: Uint8Array): PublicKey {
  return Object.freeze({ type, x: toBase64url(x), y: toBase64url(y) });
}

function bytesOf(jwk: JsonObject, name: string, maxBytes: number): Uint8Array {
  const value = jwk[name];
  if (typeof value !== 'string' || value === '') throw invalid(`A key without ${name}.`);
  return fromBase64url(value, { maxBytes });
}

function invalid(message: string): EnclosError {
  return new EnclosError('CODEC_INVALID', message);
}
