import { EnclosError } from '@enclos/errors';
import { SharedWork } from '@enclos/bounded';
import type { KeyDates, SigningKey } from './signing-key.ts';

export interface KeyRingOptions {
  readonly rotateMs: number;
  readonly overlapMs: number;
  /** The longest that a token can be good. */
  readonly maximumValidityMs: number;
  /** Makes a key. Not called again before it has settled. */
  readonly create: (dates: KeyDates) => Promise<SigningKey>;
  readonly now: () => Date;
}

/** A key that no longer signs, and how long its tokens are still good. */
interface RetiredKey {
  readonly key: SigningKey;
  readonly untilMs: number;
}

/** Clocks of verifiers may be slow: the key of a token that has just expired is still there. */
const graceMs = 300_000;
/** After a key could not be made, those who sign try again so much later: each attempt is work. */
const retryMs = 10_000;
/** So many keys are published at most by one replica. */
const mostKeys = 64;

/**
 * Keys that follow each other. Each is published for `overlapMs` before it signs, signs for `rotateMs`, and stays
 * published until the last token that it signed has expired. Signing never waits for a rotation: until the next key
 * may sign, the one that is there does.
 */
export class KeyRing {
  readonly #options: KeyRingOptions;
  #current: SigningKey;
  #currentSinceMs: number;
  /** When the last token of the current key expires. */
  #currentUsedUntilMs = 0;
  #next: SigningKey | undefined;
  readonly #making = new SharedWork<void>();
  #failedMs = Number.NEGATIVE_INFINITY;
  #retired: readonly RetiredKey[] = [];

  private constructor(options: KeyRingOptions, first: SigningKey) {
    this.#options = options;
    this.#current = first;
    this.#currentSinceMs = first.bornMs;
  }

  /** @throws ATTESTATION_TENANT_UNUSABLE for times that make no sense together; what making the first key throws. */
  static async create(options: KeyRingOptions): Promise<KeyRing> {
    const { rotateMs, overlapMs, maximumValidityMs } = options;
    const areTimes = [rotateMs, overlapMs, maximumValidityMs].every((time) => Number.isFinite(time) && time > 0);
    if (!areTimes || overlapMs >= rotateMs) {
      throw new EnclosError(
        'ATTESTATION_TENANT_UNUSABLE',
        'A signing key must sign for longer than it is published before.',
      );
    }
    if ((maximumValidityMs + overlapMs) / rotateMs > mostKeys - 2) {
      throw new EnclosError(
        'ATTESTATION_TENANT_UNUSABLE',
        `Keys that change so often would be more than ${mostKeys} at once.`,
      );
    }
    return new KeyRing(options, await options.create(datesOf(options)));
  }

  /**
   * The key to sign with now, for a token that expires at `expiresMs`. Begins what is due without waiting, except when
   * no token was asked for so long that the certificate of the key ends before the token would.
   */
  async keyFor(expiresMs: number): Promise<SigningKey> {
    this.#turn();
    if (this.#isNextDue() && Math.abs(this.#nowMs() - this.#failedMs) >= retryMs) this.#tryNext();
    if (expiresMs > this.#current.untilMs) await this.#replace();
    this.#currentUsedUntilMs = Math.max(this.#currentUsedUntilMs, expiresMs);
    return this.#current;
  }

  /** The one that signs first, then the next one, then those that have signed. */
  published(): readonly SigningKey[] {
    this.#turn();
    const next = this.#next === undefined ? [] : [this.#next];
    return [this.#current, ...next, ...this.#retired.map(({ key }) => key)];
  }

  /** Does what is due, and waits for it. @throws what making a key throws. */
  async advance(): Promise<void> {
    this.#turn();
    if (this.#isNextDue()) await this.#makeNext();
    this.#turn();
  }

  #nowMs(): number {
    return this.#options.now().getTime();
  }

  #isNextDue(): boolean {
    const { rotateMs, overlapMs } = this.#options;
    return this.#next === undefined && this.#nowMs() >= this.#currentSinceMs + rotateMs - overlapMs;
  }

  #tryNext(): void {
    this.#makeNext().catch(() => (this.#failedMs = this.#nowMs()));
  }

  #makeNext(): Promise<void> {
    return this.#making.join(async () => {
      this.#next = await this.#options.create(datesOf(this.#options));
    });
  }

  /** Changes to the next key when both times have come, and forgets the keys whose tokens have all expired. */
  #turn(): void {
    const nowMs = this.#nowMs();
    const { rotateMs, overlapMs } = this.#options;
    const next = this.#next;
    if (next !== undefined && nowMs >= this.#currentSinceMs + rotateMs && nowMs >= next.bornMs + overlapMs) {
      this.#change(next, nowMs);
    }
    this.#retired = this.#retired.filter(({ untilMs }) => nowMs <= untilMs + graceMs);
  }

  #change(next: SigningKey, nowMs: number): void {
    this.#retired = [{ key: this.#current, untilMs: this.#currentUsedUntilMs }, ...this.#retired];
    this.#current = next;
    this.#currentSinceMs = nowMs;
    this.#currentUsedUntilMs = 0;
    this.#next = undefined;
  }

  async #replace(): Promise<void> {
    if (this.#next === undefined) await this.#makeNext();
    if (this.#next !== undefined) this.#change(this.#next, this.#nowMs());
  }
}

/** A certificate holds for twice the time that its key signs, and for the tokens that it signs last. */
function datesOf({ rotateMs, overlapMs, maximumValidityMs, now }: KeyRingOptions): KeyDates {
  const bornMs = now().getTime();
  return { bornMs, untilMs: bornMs + overlapMs + 2 * rotateMs + maximumValidityMs };
}
