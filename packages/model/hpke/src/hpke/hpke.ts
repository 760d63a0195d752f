import { concatBytes, equalBytes, utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { u16 } from '../big-endian.ts';
import { after, together, type Awaitable, type HpkeEngine, type SealingForm } from '../engine.ts';
import { hashBytes, hashOf, keyBytesOf, nonceBytes, type HpkeSuite } from '../suites.ts';
import type { KemKeyPair } from './key-pair.ts';
import { empty, labelledKdf, longestOutput, type LabelledKdf } from './labels.ts';
import { Opener, Sealer } from './sequence.ts';

/** What both ends of an HPKE context can do. */
export interface HpkeContext {
  readonly suite: HpkeSuite;
  /** The encapsulated key, which the sender sends along. */
  readonly enc: Uint8Array;
  /**
   * A secret that both ends have (RFC 9180, section 5.3).
   *
   * @param length in bytes, at most 255 times the hash.
   * @throws HPKE_LIMIT_EXCEEDED for a longer one.
   */
  readonly export: (context: Uint8Array, length: number) => Promise<Uint8Array>;
}

export interface SenderContext extends HpkeContext {
  /** Seals the next message: see `Sealer`. */
  readonly seal: (plaintext: Uint8Array, aad?: Uint8Array, form?: SealingForm) => Promise<Uint8Array>;
}

export interface RecipientContext extends HpkeContext {
  /** Opens the next message: see `Opener`. */
  readonly open: (ciphertext: Uint8Array, aad?: Uint8Array) => Promise<Uint8Array>;
}

/** A context with what seals its messages: at once, where the engine answers at once. */
export interface SenderParts {
  readonly context: SenderContext;
  readonly sealer: Sealer;
}

/** A context with what opens its messages: at once, where the engine answers at once. */
export interface RecipientParts {
  readonly context: RecipientContext;
  readonly opener: Opener;
}

interface Schedule {
  readonly key: Uint8Array;
  readonly baseNonce: Uint8Array;
  readonly exporter: Uint8Array;
}

/** RFC 9180, section 5: mode_base. */
const baseMode = Uint8Array.of(0);

/**
 * HPKE in base mode (draft-ietf-hpke-hpke, which replaces RFC 9180 and keeps its bytes) for one suite. The modes with a
 * key of the sender are left out, as that draft does, and so is the one with a shared secret.
 */
export class Hpke {
  readonly suite: HpkeSuite;
  readonly #engine: HpkeEngine;
  readonly #kdf: LabelledKdf;
  /** The context of the last info: a server sees the same one in nearly each request. */
  #lastInfo: { readonly info: Uint8Array; readonly context: Uint8Array } | undefined;

  constructor(engine: HpkeEngine, suite: HpkeSuite) {
    this.suite = suite;
    this.#engine = engine;
    const suiteId = concatBytes(utf8('HPKE'), u16(suite.kem), u16(suite.kdf), u16(suite.aead));
    this.#kdf = labelledKdf(engine, hashOf(suite.kdf), suiteId);
  }

  /** @throws HPKE_KEY_INVALID, HPKE_UNSUPPORTED. */
  async setUpSender(publicKey: Uint8Array, info: Uint8Array): Promise<SenderContext> {
    return (await this.sender(publicKey, info)).context;
  }

  /** As `setUpSender`, for what is written over both kinds of engine. */
  sender(publicKey: Uint8Array, info: Uint8Array): Awaitable<SenderParts> {
    return after(this.#engine.kem(this.suite.kem).encapsulate(publicKey), ({ enc, sharedSecret }) =>
      after(this.#schedule(sharedSecret, info), ({ key, baseNonce, exporter }) =>
        after(this.#engine.aead(this.suite.aead, key), (aead) => {
          const sealer = new Sealer(aead, baseNonce);
          const context: SenderContext = Object.freeze({
            ...this.#context(enc, exporter),
            seal: async (plaintext: Uint8Array, aad?: Uint8Array, form?: SealingForm) =>
              sealer.seal(plaintext, aad, form),
          });
          return { context, sealer };
        }),
      ),
    );
  }

  /** @throws HPKE_KEY_INVALID, HPKE_UNSUPPORTED. */
  async setUpRecipient(pair: KemKeyPair, enc: Uint8Array, info: Uint8Array): Promise<RecipientContext> {
    return (await this.recipient(pair, enc, info)).context;
  }

  /** As `setUpRecipient`, for what is written over both kinds of engine. */
  recipient(pair: KemKeyPair, enc: Uint8Array, info: Uint8Array): Awaitable<RecipientParts> {
    if (pair.kem !== this.suite.kem) throw new EnclosError('HPKE_KEY_INVALID', 'The key is for another KEM.');
    return after(this.#engine.kem(this.suite.kem).decapsulate(pair, enc), (sharedSecret) =>
      after(this.#schedule(sharedSecret, info), ({ key, baseNonce, exporter }) =>
        after(this.#engine.aead(this.suite.aead, key), (aead) => {
          const opener = new Opener(aead, baseNonce);
          const context: RecipientContext = Object.freeze({
            ...this.#context(enc, exporter),
            open: async (ciphertext: Uint8Array, aad?: Uint8Array) => opener.open(ciphertext, aad),
          });
          return { context, opener };
        }),
      ),
    );
  }

  #context(enc: Uint8Array, exporter: Uint8Array): HpkeContext {
    const longest = longestOutput(hashOf(this.suite.kdf));
    return {
      suite: this.suite,
      enc,
      export: async (context, length) => {
        if (length > longest) throw new EnclosError('HPKE_LIMIT_EXCEEDED', `HKDF gives at most ${longest} bytes.`);
        return this.#kdf.expand(exporter, 'sec', context, length);
      },
    };
  }

  /** RFC 9180, section 5.1. */
  #schedule(sharedSecret: Uint8Array, info: Uint8Array): Awaitable<Schedule> {
    const kdf = this.#kdf;
    return after(together([this.#contextOf(info), kdf.extract(sharedSecret, 'secret', empty)]), ([context, secret]) => {
      const parts = together<readonly [Uint8Array, Uint8Array, Uint8Array]>([
        kdf.expand(secret, 'key', context, keyBytesOf(this.suite.aead)),
        kdf.expand(secret, 'base_nonce', context, nonceBytes),
        kdf.expand(secret, 'exp', context, hashBytes(hashOf(this.suite.kdf))),
      ]);
      return after(parts, ([key, baseNonce, exporter]) => {
        secret.fill(0);
        return { key, baseNonce, exporter };
      });
    });
  }

  /** What the schedule has of mode and info: the same while the info is. */
  #contextOf(info: Uint8Array): Awaitable<Uint8Array> {
    const last = this.#lastInfo;
    if (last !== undefined && equalBytes(last.info, info)) return last.context;
    const kept = info.slice();
    const hashes = together<readonly [Uint8Array, Uint8Array]>([
      this.#kdf.extract(empty, 'psk_id_hash', empty),
      this.#kdf.extract(empty, 'info_hash', kept),
    ]);
    return after(hashes, ([pskIdHash, infoHash]) => {
      const context = concatBytes(baseMode, pskIdHash, infoHash);
      this.#lastInfo = { info: kept, context };
      return context;
    });
  }
}

const made = new WeakMap<HpkeEngine, Map<string, Hpke>>();

/** HPKE of a suite over an engine: made once for both. */
export function hpkeOf(engine: HpkeEngine, suite: HpkeSuite): Hpke {
  const suites = made.get(engine) ?? new Map<string, Hpke>();
  made.set(engine, suites);
  // At most as many as there are suites.
  const name = `${suite.kem} ${suite.kdf} ${suite.aead}`;
  const hpke = suites.get(name) ?? new Hpke(engine, suite);
  suites.set(name, hpke);
  return hpke;
}
