import { createECDH, createHash, createPrivateKey, randomBytes, sign, type KeyObject } from 'node:crypto';
import { concatBytes, toBase64url, toHex, utf8 } from '@enclos/codec';

export type Curve = 'P-256' | 'P-384';

/** An elliptic-curve key pair. Good for tests only: whoever knows the seed knows the private key. */
export interface KeyPair {
  /** In the key ring. */
  readonly name: string;
  readonly curve: Curve;
  readonly privateKey: KeyObject;
  /** x then y, big-endian: 64 bytes of P-256, 96 of P-384. */
  readonly point: Uint8Array;
}

/** Named keys and bytes: the same name is the same value, for as long as the ring lives. */
export interface KeyRing {
  readonly key: (name: string, curve?: Curve) => KeyPair;
  readonly bytes: (name: string, sizeBytes: number) => Uint8Array;
}

const curves = {
  'P-256': { openssl: 'prime256v1', sizeBytes: 32, hash: 'sha256' },
  'P-384': { openssl: 'secp384r1', sizeBytes: 48, hash: 'sha384' },
} as const;

/**
 * A ring of keys. With a seed, the same in every run; ECDSA signatures still
 * differ from run to run, since Node draws their nonces.
 */
export function keyRing(seed?: string): KeyRing {
  const secret = seed === undefined ? new Uint8Array(randomBytes(32)) : utf8(seed);
  const keys = new Map<string, KeyPair>();
  const bytes = (name: string, sizeBytes: number): Uint8Array => expand(secret, name, sizeBytes);
  return Object.freeze({
    bytes,
    key: (name: string, curve: Curve = 'P-256') => {
      const label = `key ${curve} ${name}`;
      const known = keys.get(label);
      if (known !== undefined) return known;
      const made = makeKey(name, curve, bytes(label, curves[curve].sizeBytes));
      keys.set(label, made);
      return made;
    },
  });
}

/** The ring of this process, random. */
export const processKeys: KeyRing = keyRing();

function expand(secret: Uint8Array, name: string, sizeBytes: number): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (let index = 0; 32 * index < sizeBytes; index++) {
    const hash = createHash('sha256').update(`${secret.length}:`).update(secret).update(`${index}:${name}`);
    blocks.push(new Uint8Array(hash.digest()));
  }
  return concatBytes(...blocks).slice(0, sizeBytes);
}

function makeKey(name: string, curve: Curve, material: Uint8Array): KeyPair {
  // Below the order of both curves, whose first byte is ff, and never zero.
  const scalar = material.map((byte, index) => (index === 0 ? (byte & 0x7f) | 1 : byte));
  const ecdh = createECDH(curves[curve].openssl);
  ecdh.setPrivateKey(scalar);
  const point = new Uint8Array(ecdh.getPublicKey()).slice(1);
  const [x, y] = [point.subarray(0, point.length / 2), point.subarray(point.length / 2)].map(toBase64url);
  const jwk = { kty: 'EC', crv: curve, d: toBase64url(scalar), x: x ?? '', y: y ?? '' };
  return Object.freeze({ name, curve, privateKey: createPrivateKey({ key: jwk, format: 'jwk' }), point });
}

/** ECDSA with the hash of the key's curve, as r then s: 64 or 96 bytes. */
export function signRaw(key: KeyPair, data: Uint8Array): Uint8Array {
  const options = { key: key.privateKey, dsaEncoding: 'ieee-p1363' } as const;
  return new Uint8Array(sign(curves[key.curve].hash, data, options));
}

/** ECDSA with the hash of the key's curve, as DER. */
export function signDer(key: KeyPair, data: Uint8Array): Uint8Array {
  return new Uint8Array(sign(curves[key.curve].hash, data, key.privateKey));
}

/** x then y as hex: the form in which relying parties pin a root. */
export function pointHex(key: KeyPair): string {
  return toHex(key.point);
}
