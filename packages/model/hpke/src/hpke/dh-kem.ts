import { concatBytes, isZero, utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { u16 } from '../big-endian.ts';
import type { Awaitable, HpkeEngine, Kem } from '../engine.ts';
import { lengthsOf, type HashName, type KemId } from '../suites.ts';
import { requireLength, type KemKeyPair } from './key-pair.ts';
import { empty, labelledKdf } from './labels.ts';

/** Diffie-Hellman over one curve, with private keys as the engine holds them. */
export interface Curve<PrivateKey> {
  readonly generateKeyPair: () => Awaitable<KemKeyPair>;
  /** A key for one message, which need not be bytes. */
  readonly generateEphemeral: () => Awaitable<{ readonly publicKey: Uint8Array; readonly privateKey: PrivateKey }>;
  readonly privateKeyOf: (pair: KemKeyPair) => Awaitable<PrivateKey>;
  /** Undefined if the public key is not a point of the curve, or the result is the neutral element. */
  readonly agree: (privateKey: PrivateKey, publicKey: Uint8Array) => Awaitable<Uint8Array | undefined>;
}

export interface DhKemOptions<PrivateKey> {
  readonly id: KemId;
  readonly hash: HashName;
  readonly curve: Curve<PrivateKey>;
}

/** DHKEM (RFC 9180, section 4.1), without its authenticated mode, which draft-ietf-hpke-hpke leaves out. */
export function createDhKem<PrivateKey>(engine: HpkeEngine, { id, hash, curve }: DhKemOptions<PrivateKey>): Kem {
  const kdf = labelledKdf(engine, hash, concatBytes(utf8('KEM'), u16(id)));
  const lengths = lengthsOf(id);
  const sharedSecretOf = async (agreed: Uint8Array | undefined, context: Uint8Array): Promise<Uint8Array> => {
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
      const agreed = await curve.agree(privateKey, publicKey);
      return { enc, sharedSecret: await sharedSecretOf(agreed, concatBytes(enc, publicKey)) };
    },
    decapsulate: async (pair: KemKeyPair, enc: Uint8Array) => {
      requireLength('encapsulated key', enc, lengths.enc);
      const agreed = await curve.agree(await curve.privateKeyOf(pair), enc);
      return sharedSecretOf(agreed, concatBytes(enc, pair.publicKey));
    },
  });
}
