import { createHash, createPrivateKey, createPublicKey, hash, type KeyObject } from 'node:crypto';
import { concatBytes, fromHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import type { Kem } from '../engine.ts';
import { KemKeyPair, requireLength } from '../hpke/key-pair.ts';
import { RecipientKeys } from '../hpke/recipient-keys.ts';
import { kemIds, lengthsOf, refuseAlgorithm } from '../suites.ts';
import {
  HeldKeys,
  unlessRefused,
  x25519Agree,
  x25519Ephemeral,
  x25519PrivateKey,
  x25519PublicBytes,
  x25519PublicKey,
  type RandomSource,
} from './curves.ts';
import { encapsulationOfNode } from './encapsulation.ts';

interface PrivateParts {
  readonly mlKem: KeyObject;
  readonly x25519: KeyObject;
  readonly x25519Public: Uint8Array;
}

const lengths = lengthsOf(kemIds.xWing);
/** ML-KEM-768 (FIPS 203, table 3). */
const mlKemPublicBytes = 1184;
const mlKemCiphertextBytes = 1088;
/** SubjectPublicKeyInfo, and PKCS #8 with the seed alone, of ML-KEM-768 (RFC 9935), up to the key itself. */
const mlKemSpki = fromHex('308204b2300b0609608648016503040402038204a100');
const mlKemPkcs8 = fromHex('3054020100300b060960864801650304040204428040');
/** draft-connolly-cfrg-xwing-kem, section 5.3: `\.//^\`. */
const label = fromHex('5c2e2f2f5e5c');

/** Whether this Node has ML-KEM, which X-Wing needs. */
export function hasXWing(): boolean {
  return encapsulationOfNode() !== undefined;
}

/**
 * X-Wing (draft-connolly-cfrg-xwing-kem): ML-KEM-768 and X25519 together, so that a secret stays one as long as either
 * holds.
 *
 * @throws HPKE_UNSUPPORTED on a Node without ML-KEM.
 */
export function xWingKem(random: RandomSource, randomBytes: (length: number) => Uint8Array): Kem {
  const mlKem = encapsulationOfNode() ?? refuseAlgorithm('X-Wing: it needs the ML-KEM of Node 24');
  const recipients = new RecipientKeys((bytes) => unlessRefused(() => publicPartsOf(bytes)));
  const held = new HeldKeys((pair) => privatePartsOf(pair.exportPrivateKey()));
  return Object.freeze({
    id: kemIds.xWing,
    generateKeyPair: () => {
      const seed = randomBytes(lengths.privateKey);
      return new KemKeyPair(kemIds.xWing, xWingPublicKey(seed), seed);
    },
    encapsulate: (publicKey: Uint8Array) => {
      requireLength('public key', publicKey, lengths.publicKey);
      const theirs = recipients.of(publicKey);
      const inner = theirs === undefined ? undefined : unlessRefused(() => mlKem.encapsulate(theirs.mlKem));
      const { publicKey: point, privateKey } = x25519Ephemeral(random);
      const agreed = theirs === undefined ? undefined : x25519Agree(privateKey, theirs.x25519);
      if (inner === undefined || agreed === undefined) throw new EnclosError('HPKE_KEY_INVALID');
      const sharedSecret = combine(inner.sharedKey, agreed, point, publicKey.subarray(mlKemPublicBytes));
      return { enc: concatBytes(inner.ciphertext, point), sharedSecret };
    },
    decapsulate: (pair: KemKeyPair, enc: Uint8Array) => {
      requireLength('encapsulated key', enc, lengths.enc);
      const own = held.of(pair);
      const point = enc.subarray(mlKemCiphertextBytes);
      const inner = unlessRefused(() => mlKem.decapsulate(own.mlKem, enc.subarray(0, mlKemCiphertextBytes)));
      const agreed = x25519Agree(own.x25519, x25519PublicKey(point));
      if (inner === undefined || agreed === undefined) throw new EnclosError('HPKE_KEY_INVALID');
      return combine(inner, agreed, point, own.x25519Public);
    },
  });
}

/** The public key of a seed: for key pairs that come as private keys alone. */
export function xWingPublicKey(seed: Uint8Array): Uint8Array {
  const { mlKem, x25519Public } = privatePartsOf(seed);
  const spki = createPublicKey(mlKem).export({ format: 'der', type: 'spki' });
  return concatBytes(spki.subarray(mlKemSpki.length), x25519Public);
}

/** draft-connolly-cfrg-xwing-kem, section 5.2. */
function privatePartsOf(seed: Uint8Array): PrivateParts {
  const expanded = createHash('shake256', { outputLength: 96 }).update(seed).digest();
  const pkcs8 = Buffer.from(concatBytes(mlKemPkcs8, expanded.subarray(0, 64)));
  const x25519 = x25519PrivateKey(expanded.subarray(64));
  return {
    mlKem: createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }),
    x25519,
    x25519Public: x25519PublicBytes(x25519),
  };
}

function publicPartsOf(publicKey: Uint8Array): { readonly mlKem: KeyObject; readonly x25519: KeyObject } {
  const spki = Buffer.from(concatBytes(mlKemSpki, publicKey.subarray(0, mlKemPublicBytes)));
  return {
    mlKem: createPublicKey({ key: spki, format: 'der', type: 'spki' }),
    x25519: x25519PublicKey(publicKey.subarray(mlKemPublicBytes)),
  };
}

/** draft-connolly-cfrg-xwing-kem, section 5.3. */
function combine(inner: Uint8Array, agreed: Uint8Array, point: Uint8Array, publicPoint: Uint8Array): Uint8Array {
  const material = concatBytes(inner, agreed, point, publicPoint, label);
  const combined = hash('sha3-256', material, 'buffer');
  for (const secret of [inner, agreed, material]) secret.fill(0);
  return combined;
}
