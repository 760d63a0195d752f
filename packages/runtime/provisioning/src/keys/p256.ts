import { createECDH, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { fromHex, toBase64url, toHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';

/** Order of the P-256 group (FIPS 186-5, SP 800-186 section 3.2.1.3). */
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

export interface P256KeyPair {
  readonly privateKey: KeyObject;
  /** x ‖ y, 64 bytes. */
  readonly publicKey: Uint8Array;
}

/** 48 bytes, so that the reduction below is within 2^-128 of uniform. */
export const wideSeedBytes = 48;

/** A P-256 key from a 48-byte seed: FIPS 186-5 A.2.1 (extra random bits), scalar = seed mod (n - 1) + 1. */
export function p256FromSeed(seed: Uint8Array): P256KeyPair {
  if (seed.length !== wideSeedBytes) throw new EnclosError('CODEC_OUT_OF_RANGE', 'A P-256 seed is 48 bytes.');
  const scalar = (BigInt(`0x${toHex(seed)}`) % (order - 1n)) + 1n;
  const d = fromHex(scalar.toString(16).padStart(64, '0'));
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(d);
  const publicKey = new Uint8Array(ecdh.getPublicKey()).slice(1);
  const jwk = { ...publicJwk(publicKey), d: toBase64url(d) };
  return Object.freeze({ privateKey: createPrivateKey({ key: jwk, format: 'jwk' }), publicKey });
}

/** @throws ENROLMENT_REFUSED when the 64 bytes are not a point of the curve. */
export function p256PublicKey(publicKey: Uint8Array): KeyObject {
  try {
    return createPublicKey({ key: publicJwk(publicKey), format: 'jwk' });
  } catch (cause) {
    throw new EnclosError('ENROLMENT_REFUSED', 'The public key is not a P-256 point.', { cause });
  }
}

/** x ‖ y of a P-256 key object, private or public. */
export function p256Point(key: KeyObject): Uint8Array {
  const spki = (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' });
  return new Uint8Array(spki.subarray(spki.length - 64));
}

function publicJwk(publicKey: Uint8Array): { kty: 'EC'; crv: 'P-256'; x: string; y: string } {
  return { kty: 'EC', crv: 'P-256', x: toBase64url(publicKey.subarray(0, 32)), y: toBase64url(publicKey.subarray(32)) };
}
