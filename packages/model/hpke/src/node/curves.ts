import {
  createECDH,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type ECDH,
  type KeyObject,
} from 'node:crypto';
import { concatBytes, fromBase64url, fromHex } from '@enclos/codec';
import { toPem } from '@enclos/codec/pem';
import { EnclosError } from '@enclos/errors';
import type { Curve } from '../hpke/dh-kem.ts';
import { KemKeyPair } from '../hpke/key-pair.ts';
import { kemIds } from '../suites.ts';

/** Random bytes, or undefined for those of OpenSSL, whose own generation of keys is a third faster. */
export type RandomSource = ((length: number) => Uint8Array) | undefined;

/** PKCS #8 of an X25519 key (RFC 8410, section 7), up to the key itself. */
const x25519Pkcs8 = fromHex('302e020100300506032b656e04220420');

/** What an engine makes of key pairs once. A key pair that is gone takes it along. */
export class HeldKeys<T extends object> {
  readonly #held = new WeakMap<KemKeyPair, T>();
  readonly #make: (pair: KemKeyPair) => T;

  constructor(make: (pair: KemKeyPair) => T) {
    this.#make = make;
  }

  /** @throws HPKE_KEY_INVALID for a private key that the engine refuses. */
  of(pair: KemKeyPair): T {
    const held = this.#held.get(pair) ?? this.#import(pair);
    this.#held.set(pair, held);
    return held;
  }

  #import(pair: KemKeyPair): T {
    try {
      return this.#make(pair);
    } catch (error) {
      throw new EnclosError('HPKE_KEY_INVALID', 'The private key is not valid for its algorithm.', { cause: error });
    }
  }
}

/** The result of a step over keys of the other side; undefined if OpenSSL refuses them. */
export function unlessRefused<T>(step: () => T): T | undefined {
  try {
    return step();
  } catch {
    return undefined;
  }
}

export function x25519PrivateKey(key: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.from(concatBytes(x25519Pkcs8, key)), format: 'der', type: 'pkcs8' });
}

export function x25519PublicBytes(key: KeyObject): Uint8Array {
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' });
  return fromBase64url(x);
}

/** SubjectPublicKeyInfo of an X25519 key (RFC 8410, section 4), up to the key itself. */
const x25519Spki = fromHex('302a300506032b656e032100');

/** As PEM: Node 24 takes three times as long for any other form, for errors that it makes and catches within. */
export function x25519PublicKey(bytes: Uint8Array): KeyObject {
  return createPublicKey(toPem('PUBLIC KEY', concatBytes(x25519Spki, bytes)));
}

/** OpenSSL refuses a result of zeros (RFC 7748, section 6.1). */
export function x25519Agree(privateKey: KeyObject, publicKey: KeyObject): Uint8Array | undefined {
  return unlessRefused(() => diffieHellman({ privateKey, publicKey }));
}

export function x25519Ephemeral(random: RandomSource): { publicKey: Uint8Array; privateKey: KeyObject } {
  if (random === undefined) {
    const { publicKey, privateKey } = generateKeyPairSync('x25519');
    const { x = '' } = publicKey.export({ format: 'jwk' });
    return { publicKey: fromBase64url(x), privateKey };
  }
  const privateKey = x25519PrivateKey(random(32));
  return { publicKey: x25519PublicBytes(privateKey), privateKey };
}

export function x25519Curve(
  random: RandomSource,
  randomBytes: (length: number) => Uint8Array,
): Curve<KeyObject, KeyObject> {
  const held = new HeldKeys((pair) => x25519PrivateKey(pair.exportPrivateKey()));
  return {
    generateKeyPair: () => {
      const seed = randomBytes(32);
      return new KemKeyPair(kemIds.x25519, x25519PublicBytes(x25519PrivateKey(seed)), seed);
    },
    generateEphemeral: () => x25519Ephemeral(random),
    privateKeyOf: (pair) => held.of(pair),
    publicKeyOf: x25519PublicKey,
    agree: x25519Agree,
  };
}

const p384Name = 'secp384r1';

export function p384Curve(random: RandomSource, randomBytes: (length: number) => Uint8Array): Curve<ECDH, Uint8Array> {
  const held = new HeldKeys((pair) => p384Of(pair.exportPrivateKey()));
  return {
    generateKeyPair: () => {
      const { privateKey, scalar } = p384FromRandom(randomBytes);
      return new KemKeyPair(kemIds.p384, new Uint8Array(privateKey.getPublicKey()), scalar);
    },
    generateEphemeral: () => {
      if (random === undefined) {
        const privateKey = createECDH(p384Name);
        return { publicKey: new Uint8Array(privateKey.generateKeys()), privateKey };
      }
      const { privateKey } = p384FromRandom(random);
      return { publicKey: new Uint8Array(privateKey.getPublicKey()), privateKey };
    },
    privateKeyOf: (pair) => held.of(pair),
    // RFC 9180, section 7.1.1: only the uncompressed form.
    publicKeyOf: (bytes) => (bytes[0] === 4 ? bytes : undefined),
    // OpenSSL refuses what is not on the curve.
    agree: (privateKey, publicKey) => unlessRefused(() => privateKey.computeSecret(publicKey)),
  };
}

function p384Of(scalar: Uint8Array): ECDH {
  const privateKey = createECDH(p384Name);
  privateKey.setPrivateKey(scalar);
  return privateKey;
}

/** Candidates until one is in the range of scalars (FIPS 186-5, A.2.2): all but one in 2^190 are. */
function p384FromRandom(randomBytes: (length: number) => Uint8Array): { privateKey: ECDH; scalar: Uint8Array } {
  for (let tries = 0; tries < 8; tries++) {
    const scalar = randomBytes(48);
    const privateKey = unlessRefused(() => p384Of(scalar));
    if (privateKey !== undefined) return { privateKey, scalar };
  }
  throw new EnclosError('HPKE_KEY_INVALID', 'The random source gives no scalar of P-384.');
}
