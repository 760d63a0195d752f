/** When a ledger is signed (CCF, `ledger_signatures`). */
export interface SignaturePolicy {
  /** After so many transactions. */
  readonly count: number;
  /** Or so many milliseconds after the first that no signature covers. */
  readonly delayMs: number;
}

const defaults: SignaturePolicy = { count: 5000, delayMs: 1000 };
/** While answers wait, at most a tenth of the time goes to signing. */
const restOfSigning = 10;

/** Decides when to sign: by count, by delay, and for answers that wait at once unless that would take the whole processor. */
export class SignatureClock {
  readonly #policy: SignaturePolicy;
  readonly #sign: () => void;
  #timer: NodeJS.Timeout | undefined;
  #dueMs = Infinity;
  #notBeforeMs = 0;

  constructor(policy: Partial<SignaturePolicy>, sign: () => void) {
    this.#policy = { ...defaults, ...policy };
    this.#sign = sign;
  }

  /**
   * After each tick.
   * @param unsigned transactions that no signature covers.
   * @param isAwaited whether answers wait for one.
   */
  note(unsigned: number, isAwaited: boolean): void {
    if (unsigned === 0) return;
    const nowMs = performance.now();
    if (unsigned >= this.#policy.count || (isAwaited && nowMs >= this.#notBeforeMs)) {
      this.#sign();
      return;
    }
    this.#wake(Math.max(0, isAwaited ? this.#notBeforeMs - nowMs : this.#policy.delayMs), nowMs);
  }

  /** @param tookMs of the signature that was made now. */
  signed(tookMs: number): void {
    this.stop();
    this.#notBeforeMs = performance.now() + restOfSigning * tookMs;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#dueMs = Infinity;
  }

  /** The earlier of two alarms counts. */
  #wake(afterMs: number, nowMs: number): void {
    if (nowMs + afterMs >= this.#dueMs) return;
    clearTimeout(this.#timer);
    this.#dueMs = nowMs + afterMs;
    this.#timer = setTimeout(() => {
      this.stop();
      this.#sign();
    }, afterMs);
  }
}
