import { EnclosError } from '@enclos/errors';
import type { HpkeEngine } from '../engine.ts';
import type { KemKeyPair } from '../hpke/key-pair.ts';
import type { KeyFinder } from '../ohttp/service.ts';
import { sameSymmetricSuite, type KemId, type SymmetricSuite } from '../suites.ts';
import type { PublishedKey } from './document.ts';

export interface KeySetOptions {
  /** The KEMs to have keys for, each with its suites in the order of preference. */
  readonly kems: readonly { readonly kem: KemId; readonly suites: readonly SymmetricSuite[] }[];
  /** How long clients may use a key. Default: 24 hours. */
  readonly lifetimeMs?: number;
  /** How long before its end the next key is there. Default: 1 hour. */
  readonly overlapMs?: number;
  /** How long a key still opens after its end, for requests on their way. Default: 5 minutes. */
  readonly graceMs?: number;
}

interface HeldKey {
  readonly published: PublishedKey;
  readonly pair: KemKeyPair;
  readonly goneAtMs: number;
  /** It was taken back before its end. */
  readonly isRetired: boolean;
}

/** Keys that were taken back and still open: of so many renewals, so that identifiers and memory suffice however often that happens. */
const retiredGenerations = 4;
const hourMs = 3_600_000;

/**
 * The keys of a service: born inside from the engine's random source, renewed before they end, and forgotten when their
 * grace is over. Times come from the caller; a time that goes back changes nothing.
 *
 * @example
 * ```ts
 * import { KeySet, aeadIds, kdfIds, kemIds, type HpkeEngine, type PublishedKey } from '@enclos/hpke';
 *
 * type Publish = (keys: readonly PublishedKey[]) => void;
 *
 * export async function keysOf(engine: HpkeEngine, publish: Publish): Promise<KeySet> {
 *   const suites = [{ kdf: kdfIds.hkdfSha256, aead: aeadIds.aes256Gcm }];
 *   const keySet = new KeySet(engine, { kems: [{ kem: kemIds.x25519, suites }] });
 *   // Call it again and again: keys are renewed before they end.
 *   if (await keySet.refresh(Date.now())) publish(keySet.published());
 *   return keySet;
 * }
 * ```
 */
export class KeySet {
  readonly #engine: HpkeEngine;
  readonly #options: Required<KeySetOptions>;
  /** The newest first. */
  #held: readonly HeldKey[] = [];
  #nextId: number;
  #latestMs = 0;
  #refreshing: Promise<boolean> | undefined;

  constructor(
    engine: HpkeEngine,
    { lifetimeMs = 24 * hourMs, overlapMs = hourMs, graceMs = hourMs / 12, kems }: KeySetOptions,
  ) {
    if (!(overlapMs >= 0 && overlapMs < lifetimeMs && graceMs >= 0) || !Number.isSafeInteger(lifetimeMs)) {
      throw new EnclosError('HPKE_LIMIT_EXCEEDED', 'The overlap of two keys is shorter than the life of one.');
    }
    this.#engine = engine;
    this.#options = { kems, lifetimeMs, overlapMs, graceMs };
    // Not the same after each start: a client with a key of the last start learns that it is stale.
    this.#nextId = engine.randomBytes(1)[0] ?? 0;
  }

  /**
   * Makes keys if there are none, or if the newest are in their last `overlapMs`, and forgets those that are over.
   *
   * @returns whether the published keys are others than before: then their evidence has to be made anew.
   */
  async refresh(nowMs: number): Promise<boolean> {
    this.#latestMs = Math.max(this.#latestMs, nowMs);
    // Callers that come at the same time get the same keys.
    this.#refreshing ??= this.#renew().finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  }

  /**
   * Makes keys, and takes all others back: these are not published any more, open no undated request, and open dated ones for
   * `graceMs`. For a `ReplayWindow` that undated requests fill: it has to remember those of a key for as long as the key opens them.
   *
   * @param retired is called at the moment of the change, before a request can name one of the new keys.
   */
  async retire(nowMs: number, retired: () => void): Promise<void> {
    this.#latestMs = Math.max(this.#latestMs, nowMs);
    const made = await this.#makeAll();
    const end = this.#latestMs + this.#options.graceMs;
    const held = this.#held.map((key) => ({ ...key, isRetired: true, goneAtMs: Math.min(key.goneAtMs, end) }));
    const kept = held.slice(0, retiredGenerations * this.#options.kems.length);
    forget(held.slice(kept.length));
    this.#held = [...made, ...kept];
    retired();
  }

  /** The keys that clients may use now, the newest first. */
  published(): readonly PublishedKey[] {
    return this.#held.flatMap(({ published, isRetired }) =>
      isRetired || this.#latestMs >= published.notAfterMs ? [] : [published],
    );
  }

  /** Finds the keys of requests that arrive now. */
  finder(nowMs: number): KeyFinder {
    return (keyId, suite) => {
      const found = this.#open(nowMs).find(({ published }) => published.keyId === keyId && published.kem === suite.kem);
      if (found === undefined) throw new EnclosError('HPKE_KEY_STALE');
      if (!found.published.suites.some((known) => sameSymmetricSuite(known, suite))) {
        throw new EnclosError('HPKE_UNSUPPORTED', 'The key is not for this suite.');
      }
      return found.pair;
    };
  }

  /**
   * The keys of one KEM that open requests without a date now, the newest first: for those that do not name their key, which are tried
   * with each. There are two at most, while one key follows another.
   */
  pairsOf(kem: KemId, nowMs: number): readonly KemKeyPair[] {
    return this.#open(nowMs).flatMap(({ pair, isRetired }) => (pair.kem === kem && !isRetired ? [pair] : []));
  }

  /**
   * When a key is gone: what `ReplayWindow.acceptUndated` needs, and to be asked for in the same moment.
   *
   * @throws HPKE_KEY_STALE for a key that is not held, or was taken back: it opens no undated request.
   */
  goneAtMs(pair: KemKeyPair): number {
    const held = this.#held.find((key) => key.pair === pair);
    if (held === undefined || held.isRetired) throw new EnclosError('HPKE_KEY_STALE');
    return held.goneAtMs;
  }

  /** When the newest keys were made. */
  get newestMs(): number {
    return this.#held[0]?.published.notBeforeMs ?? this.#latestMs;
  }

  #open(nowMs: number): readonly HeldKey[] {
    this.#latestMs = Math.max(this.#latestMs, nowMs);
    return this.#held.filter((held) => !this.#isGone(held));
  }

  #isGone({ goneAtMs }: HeldKey): boolean {
    return this.#latestMs >= goneAtMs;
  }

  async #renew(): Promise<boolean> {
    const before = this.published();
    forget(this.#held.filter((held) => this.#isGone(held)));
    this.#held = this.#held.filter((held) => !this.#isGone(held));
    const newest = this.#held[0]?.published.notAfterMs ?? 0;
    if (newest - this.#options.overlapMs <= this.#latestMs) {
      this.#held = [...(await this.#makeAll()), ...this.#held];
    }
    const after = this.published();
    return after.length !== before.length || after.some((key, index) => key !== before[index]);
  }

  async #makeAll(): Promise<readonly HeldKey[]> {
    return Promise.all(this.#options.kems.map(async (kem) => this.#make(kem)));
  }

  async #make({ kem, suites }: KeySetOptions['kems'][number]): Promise<HeldKey> {
    const keyId = this.#nextId;
    this.#nextId = (keyId + 1) % 256;
    const notBeforeMs = this.#latestMs;
    const pair = await this.#engine.kem(kem).generateKeyPair();
    const notAfterMs = notBeforeMs + this.#options.lifetimeMs;
    const published = Object.freeze({ keyId, kem, publicKey: pair.publicKey, suites, notBeforeMs, notAfterMs });
    return { published, pair, goneAtMs: notAfterMs + this.#options.graceMs, isRetired: false };
  }
}

function forget(keys: readonly HeldKey[]): void {
  for (const { pair } of keys) pair.exportPrivateKey().fill(0);
}
