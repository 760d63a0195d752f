import { concatBytes, isZero, utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { u16 } from '../big-endian.ts';
import type { Awaitable, HpkeEngine, Kem } from '../engine.ts';
import { lengthsOf, type HashName, type KemId } from '../suites.ts';
import { requireLength, type KemKeyPair } from './key-pair.ts';
import { empty, labelledKdf } from './labels.ts';
import { RecipientKeys } from './recipient-keys.ts';

/** Diffie-Hellman over one curve, with keys as the engine holds them. */
export interface Curve<PrivateKey, PublicKey> {
  readonly generateKeyPair: () => Awaitable<KemKeyPair>;
  /** A key for one message, which need not be bytes. */
  readonly generateEphemeral: () => Awaitable<{ readonly publicKey: Uint8Array; readonly privateKey: PrivateKey }>;
  readonly privateKeyOf: (pair: KemKeyPair) => Awaitable<PrivateKey>;
  /** Undefined if the bytes are not a point of the curve. */
  readonly publicKeyOf: (publicKey: Uint8Array) => Awaitable<PublicKey | undefined>;
  /** Undefined if the result is the neutral element. */
  readonly agree: (privateKey: PrivateKey, publicKey: PublicKey) => Awaitable<Uint8Array | undefined>;
}

export interface DhKemOptions<PrivateKey, PublicKey> {
  readonly id: KemId;
  readonly hash: HashName;
  readonly curve: Curve<PrivateKey, PublicKey>;
}

/** DHKEM (RFC 9180, section 4.1), without its authenticated mode, which draft-ietf-hpke-hpke leaves out. */
export function createDhKem<PrivateKey, PublicKey extends object>(
  engine: HpkeEngine,
  { id, hash, curve }: DhKemOptions<PrivateKey, PublicKey>,
): Kem {
  const kdf = labelledKdf(engine, hash, concatBytes(utf8('KEM'), u16(id)));
  const lengths = lengthsOf(id);
  const recipients = new RecipientKeys((bytes) => curve.publicKeyOf(bytes));
  const sharedSecretOf = async (
    privateKey: PrivateKey,
    publicKey: PublicKey | undefined,
    context: Uint8Array,
  ): Promise<Uint8Array> => {
    const agreed = publicKey === undefined ? undefined : await curve.agree(privateKey, publicKey);
    // RFC 9180, section 7.1.4: a point of small order would give a secret that everyone knows.
    if (agreed === undefined || isZero(agreed)) throw new EnclosError('HPKE_KEY_INVALID');
    const key = await kdf.extract(empty, 'eae_prk', agreed);
    agreed.fill(0);
    return kdf.expand(key, 'shared_secret', context, lengths.sharedSecret);
  };
  return Object.freeze({
    id,
    generateKeyPair: curve.generateKeyPair,
    encapsulate: async (publicKey: Uint8Array) => {
      requireLength('public key', publicKey, lengths.publicKey);
      const { publicKey: enc, privateKey } = await curve.generateEphemeral();
      const theirs = await recipients.of(publicKey);
      return { enc, sharedSecret: await sharedSecretOf(privateKey, theirs, concatBytes(enc, publicKey)) };
    },
    decapsulate: async (pair: KemKeyPair, enc: Uint8Array) => {
      requireLength('encapsulated key', enc, lengths.enc);
      const theirs = await curve.publicKeyOf(enc);
      return sharedSecretOf(await curve.privateKeyOf(pair), theirs, concatBytes(enc, pair.publicKey));
    },
  });
}
