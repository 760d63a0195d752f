import { EnclosError } from '@enclos/errors';
import { utf8 } from '@enclos/codec';
import type { HpkeContext } from '../hpke/hpke.ts';

export interface ReplayWindowOptions {
  /** How far the date of a request may be from the time here, before or after. Default: 60,000. */
  readonly windowMs?: number;
  /** How many requests are remembered. Each takes about 100 bytes. Default: 262,144. */
  readonly maxEntries?: number;
  /** How many of them may be undated. Those stay for as long as a key opens, and must not shut out all others. Default: half. */
  readonly maxUndatedEntries?: number;
}

/** Requests that are forgotten together. */
const bucketsOfWindow = 16;
const kinds = ['dated', 'undated'] as const;
type Kind = (typeof kinds)[number];
const nameBytes = 16;
const nameLabel = utf8('enclos replay');

/** What a request is remembered by: a secret of its context, which no other request has and nothing outside can choose. */
export async function requestName(context: HpkeContext): Promise<Uint8Array> {
  return context.export(nameLabel, nameBytes);
}

/**
 * Accepts each sealed request once (RFC 9458, section 6.5.1). It remembers a request until its date alone refuses it.
 * When it is full it refuses requests that it could not remember, and forgets none early.
 *
 * Its time never goes back. A host that sets the clock back makes nothing acceptable again; one that sets it forward
 * makes the service refuse honest requests until it starts anew.
 *
 * @example
 * ```ts
 * import { ReplayWindow, requestName, type HpkeContext } from '@enclos/hpke';
 *
 * const window = new ReplayWindow();
 *
 * export async function accept(context: HpkeContext, dateMs: number): Promise<void> {
 *   window.accept(await requestName(context), dateMs, Date.now());
 * }
 * ```
 */
export class ReplayWindow {
  readonly #windowMs: number;
  readonly #maxEntries: number;
  readonly #maxUndated: number;
  readonly #bucketMs: number;
  /** By the time at which its requests are out of date. */
  readonly #buckets = { dated: new Map<number, Set<string>>(), undated: new Map<number, Set<string>>() };
  readonly #sizes = { dated: 0, undated: 0 };
  #latestMs = 0;

  constructor({
    windowMs = 60_000,
    maxEntries = 262_144,
    maxUndatedEntries = Math.ceil(maxEntries / 2),
  }: ReplayWindowOptions = {}) {
    this.#windowMs = windowMs;
    this.#maxEntries = maxEntries;
    this.#maxUndated = Math.min(maxUndatedEntries, maxEntries);
    this.#bucketMs = Math.max(1, Math.ceil(windowMs / bucketsOfWindow));
  }

  /** How much of their part undated requests fill, from 0 to 1. */
  get undatedShare(): number {
    return this.#sizes.undated / this.#maxUndated;
  }

  /** Forgets undated requests, when the keys that opened them open none any more: `KeySet.retire`. */
  forgetUndated(): void {
    this.#buckets.undated.clear();
    this.#sizes.undated = 0;
  }

  /** How many requests are remembered. */
  get size(): number {
    return this.#sizes.dated + this.#sizes.undated;
  }

  /**
   * Before any other work on a request.
   *
   * @throws HPKE_DATE_REFUSED.
   */
  checkDate(dateMs: number, nowMs: number): void {
    this.#advance(nowMs);
    if (Math.abs(dateMs - this.#latestMs) <= this.#windowMs) return;
    throw new EnclosError('HPKE_DATE_REFUSED', `The date of the request is more than ${this.#windowMs} ms away.`);
  }

  /**
   * @param name of the request (`requestName`), after it has opened: names of requests that do not open fill the window.
   * @param dateMs which the request itself holds, sealed or bound.
   * @throws HPKE_REPLAYED, HPKE_DATE_REFUSED, HPKE_WINDOW_FULL.
   */
  accept(name: Uint8Array, dateMs: number, nowMs: number): void {
    this.checkDate(dateMs, nowMs);
    this.#remember('dated', name, dateMs + this.#windowMs);
  }

  /**
   * For a request without a date, as EHBP's and some of OHTTP: it must be remembered as long as its key opens.
   *
   * @param untilMs when the key is gone, grace included: the same for each request to this key.
   * @throws HPKE_REPLAYED, HPKE_DATE_REFUSED for a key that is gone, HPKE_WINDOW_FULL.
   */
  acceptUndated(name: Uint8Array, untilMs: number, nowMs: number): void {
    this.#advance(nowMs);
    if (untilMs < this.#latestMs) throw new EnclosError('HPKE_DATE_REFUSED', 'The key of the request is out of date.');
    this.#remember('undated', name, untilMs);
  }

  #remember(kind: Kind, name: Uint8Array, untilMs: number): void {
    const text = String.fromCharCode(...name);
    const index = Math.floor(untilMs / this.#bucketMs);
    const buckets = this.#buckets[kind];
    const bucket = buckets.get(index) ?? new Set<string>();
    if (bucket.has(text)) throw new EnclosError('HPKE_REPLAYED');
    const isFull = this.size >= this.#maxEntries || (kind === 'undated' && this.#sizes.undated >= this.#maxUndated);
    if (isFull) throw new EnclosError('HPKE_WINDOW_FULL');
    bucket.add(text);
    buckets.set(index, bucket);
    this.#sizes[kind]++;
  }

  /** Forgets what its date refuses from now on. */
  #advance(nowMs: number): void {
    const before = Math.floor(this.#latestMs / this.#bucketMs);
    this.#latestMs = Math.max(this.#latestMs, nowMs);
    const first = Math.floor(this.#latestMs / this.#bucketMs);
    if (first === before) return;
    for (const kind of kinds) {
      for (const [index, bucket] of this.#buckets[kind]) {
        if (index >= first) continue;
        this.#buckets[kind].delete(index);
        this.#sizes[kind] -= bucket.size;
      }
    }
  }
}
