import {
  constants,
  createECDH,
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  type KeyObject,
} from 'node:crypto';
import { concatBytes, toBase64url, toHex, utf8 } from '@enclos/codec';

export type Curve = 'P-256' | 'P-384';

/** An elliptic-curve key pair. Good for tests only: the seed gives the private key. */
export interface KeyPair {
  /** In the key ring. */
  readonly name: string;
  readonly curve: Curve;
  readonly privateKey: KeyObject;
  /** x then y, big-endian: 64 bytes of P-256, 96 of P-384. */
  readonly point: Uint8Array;
}

/** An RSA key pair, which signs with PSS, SHA-384 and a salt of 48 bytes, as AMD's authorities do. */
export interface RsaKeyPair {
  readonly name: string;
  readonly privateKey: KeyObject;
  /** RSAPublicKey, DER (RFC 8017 appendix A.1.1). */
  readonly publicKey: Uint8Array;
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

/** What certificates hold: ECDSA with the hash of the key's curve, as DER; or RSA-PSS. */
export function signDer(key: KeyPair | RsaKeyPair, data: Uint8Array): Uint8Array {
  if ('curve' in key) return new Uint8Array(sign(curves[key.curve].hash, data, key.privateKey));
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  return new Uint8Array(sign('sha384', data, { key: key.privateKey, padding, saltLength: 48 }));
}

const rsaKeys = new Map<string, RsaKeyPair>();

/** The RSA key of this name and size; random, and made once in a process: 4096 bits can take seconds. */
export function rsaKey(name: string, bits: 2048 | 3072 | 4096 = 4096): RsaKeyPair {
  const label = `${bits} ${name}`;
  const known = rsaKeys.get(label);
  if (known !== undefined) return known;
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: bits, publicExponent: 65_537 });
  const publicKey = new Uint8Array(createPublicKey(pemOf(privateKey)).export({ type: 'pkcs1', format: 'der' }));
  const made = Object.freeze({ name, privateKey, publicKey });
  rsaKeys.set(label, made);
  return made;
}

function pemOf(privateKey: KeyObject): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** x then y as hex: the form in which relying parties pin a root. */
export function pointHex(key: KeyPair): string {
  return toHex(key.point);
}
