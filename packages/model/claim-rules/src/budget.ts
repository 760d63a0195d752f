import { isLongerThan, type Limits } from './limits.ts';
import { raise } from './policy-error.ts';

/** How many characters cost as much as the test of a claim. */
const charactersAStep = 16;
/** Pauses are at least this many steps apart: few enough for a short turn, and enough to cost nothing. */
const stepsAPause = 2_048;

/**
 * Counts the work of one evaluation. It counts steps, not time, so that the same policy with the same claims gives the same
 * result everywhere.
 */
export class Budget {
  readonly limits: Limits;
  #steps = 0;
  #pauseAt = stepsAPause;

  constructor(limits: Limits) {
    this.limits = limits;
  }

  get steps(): number {
    return this.#steps;
  }

  /** @throws CLAIM_RULES_LIMIT */
  charge(steps = 1): void {
    this.#steps += steps;
    if (this.#steps > this.limits.maxSteps) {
      raise('CLAIM_RULES_LIMIT', `The evaluation takes more than ${this.limits.maxSteps} steps (maxSteps).`);
    }
  }

  /** Whether enough work was done since the last pause. Long work asks this, and yields. */
  get isPauseDue(): boolean {
    if (this.#steps < this.#pauseAt) return false;
    this.#pauseAt = this.#steps + stepsAPause;
    return true;
  }

  /** Charges for reading or writing so many characters. */
  chargeText(length: number): void {
    this.charge(1 + Math.floor(length / charactersAStep));
  }

  /** Returns the string. @throws CLAIM_RULES_LIMIT when it is too long */
  checkString(text: string): string {
    if (isLongerThan(text, this.limits.maxStringBytes)) this.#tooLong();
    return text;
  }

  /** The same check before a string of so many characters is made. Each character takes at least one byte. */
  checkLength(length: number): void {
    if (length > this.limits.maxStringBytes) this.#tooLong();
  }

  #tooLong(): never {
    return raise('CLAIM_RULES_LIMIT', `A string has more than ${this.limits.maxStringBytes} bytes (maxStringBytes).`);
  }

  /** Compares two strings. This is charged, because equal strings are read to their end. */
  sameText(left: string, right: string): boolean {
    if (left.length !== right.length) {
      this.charge();
      return false;
    }
    this.chargeText(left.length);
    return left === right;
  }
}
