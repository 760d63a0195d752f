import { SharedWork } from '@enclos/bounded';
import { isEnclosError, type EnclosError } from '@enclos/errors';
import { refuseToken } from '../errors.ts';
import type { KeySet, ListedKey } from './key-set.ts';
import { appraiseSigner, type AppraisedSigner, type SigningEvidenceOptions } from './signing-evidence.ts';

export interface KeyCacheOptions {
  /** Keys older than this are fetched again before they are used. Default: 1 hour. */
  readonly maximumAgeMs?: number;
  /**
   * For a kid that is not known keys are fetched again at most this often, so that
   * made-up tokens cannot make this client hammer the service. Default: 30 s.
   */
  readonly cooldownMs?: number;
}

interface LoadedKeys {
  readonly keys: KeySet;
  readonly atMs: number;
}

/** After a failed fetch: pauses of calls that would all ask again. */
const failurePauseMs = 1000;

/**
 * The keys that the service lists, and no others. One fetch serves all callers
 * who wait; the time is the caller's.
 */
export class KeySource {
  readonly #fetchKeys: () => Promise<KeySet>;
  readonly #nowMs: () => number;
  readonly #maximumAgeMs: number;
  readonly #cooldownMs: number;
  readonly #signing: SigningEvidenceOptions | undefined;
  /** By key as it was listed: keys that are fetched again are appraised again. */
  readonly #appraised = new WeakMap<ListedKey, Promise<AppraisedSigner>>();
  #loaded: LoadedKeys | undefined;
  #attemptedAtMs = Number.NEGATIVE_INFINITY;
  readonly #fetching = new SharedWork<LoadedKeys>();
  #failure: { readonly error: EnclosError; readonly atMs: number } | undefined;

  constructor(
    fetchKeys: () => Promise<KeySet>,
    nowMs: () => number,
    { maximumAgeMs, cooldownMs }: Required<KeyCacheOptions>,
    signing: SigningEvidenceOptions | undefined,
  ) {
    this.#fetchKeys = fetchKeys;
    this.#nowMs = nowMs;
    this.#maximumAgeMs = maximumAgeMs;
    this.#cooldownMs = cooldownMs;
    this.#signing = signing;
  }

  /** @throws TOKEN_REFUSED when the service lists no such key, or none that can be used; and what a fetch throws. */
  async find(kid: string): Promise<ListedKey> {
    let loaded = await this.#current();
    let listed = loaded.keys.get(kid);
    if (listed === undefined && this.#since(this.#attemptedAtMs) >= this.#cooldownMs) {
      loaded = await this.#fetch();
      listed = loaded.keys.get(kid);
    }
    if (listed === undefined) {
      return refuseToken('unknown-key', 'The service lists no key with the kid of the token.');
    }
    if (isEnclosError(listed)) throw listed;
    return listed;
  }

  /**
   * What the evidence for a key proves, if that was asked for. To be called for good
   * signatures only: it costs more than a signature does.
   *
   * @throws TOKEN_REFUSED with the rule `signing-evidence`.
   */
  async appraise(listed: ListedKey): Promise<AppraisedSigner | undefined> {
    if (this.#signing === undefined) return undefined;
    const known = this.#appraised.get(listed) ?? this.#appraiseNow(listed, this.#signing);
    this.#appraised.set(listed, known);
    try {
      return await known;
    } catch (error) {
      // Its reason may have been a fetch of collateral.
      if (this.#appraised.get(listed) === known) this.#appraised.delete(listed);
      throw error;
    }
  }

  async #appraiseNow(
    { kid, certificate, shape }: ListedKey,
    options: SigningEvidenceOptions,
  ): Promise<AppraisedSigner> {
    if (certificate === undefined || shape === undefined) {
      return refuseToken('signing-evidence', 'The key that signed the token has no certificate, so no evidence.');
    }
    return appraiseSigner({ kid, certificate, shape }, options);
  }

  async #current(): Promise<LoadedKeys> {
    const loaded = this.#loaded;
    const isFresh = loaded !== undefined && this.#since(loaded.atMs) < this.#maximumAgeMs;
    return isFresh ? loaded : this.#fetch();
  }

  #fetch(): Promise<LoadedKeys> {
    return this.#fetching.join(() => this.#load());
  }

  async #load(): Promise<LoadedKeys> {
    if (this.#failure !== undefined && this.#since(this.#failure.atMs) < failurePauseMs) throw this.#failure.error;
    this.#attemptedAtMs = this.#nowMs();
    try {
      const keys = await this.#fetchKeys();
      this.#loaded = { keys, atMs: this.#nowMs() };
      this.#failure = undefined;
      return this.#loaded;
    } catch (error) {
      if (isEnclosError(error)) this.#failure = { error, atMs: this.#nowMs() };
      throw error;
    }
  }

  /** A clock that was set back must not make anything look young. */
  #since(atMs: number): number {
    const passed = this.#nowMs() - atMs;
    return passed < 0 ? Number.POSITIVE_INFINITY : passed;
  }
}
