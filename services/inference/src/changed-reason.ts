import { isEnclosError } from '@enclos/errors';

/** Why something fails again and again, for those who are told once for each reason. */
export class ChangedReason {
  #code: string | undefined;

  /** The code of the last failure. */
  get code(): string | undefined {
    return this.#code;
  }

  /** Takes a failure. @returns whether it is for another reason than the one before */
  take(error: unknown): boolean {
    const before = this.#code;
    this.#code = isEnclosError(error) ? error.code : 'an unexpected error';
    return this.#code !== before;
  }

  /** It has succeeded: the next failure is told. */
  clear(): void {
    this.#code = undefined;
  }
}
