import { isEnclosError } from '@enclos/errors';

/** What logs and metrics call a failure. Those without a code of Enclos have one name together. */
export function codeOf(error: unknown): string {
  return isEnclosError(error) ? error.code : 'unknown';
}

/** A failure that can come again and again. */
export interface RepeatedFailure {
  /** Tells it, unless the one before it had the same code. */
  readonly failed: (error: unknown) => void;
  /** It is over: the next one is told, whatever its code. */
  readonly over: () => void;
}

export function tellOnce(tell: (error: unknown) => void): RepeatedFailure {
  let told: string | undefined;
  return Object.freeze({
    failed(error: unknown) {
      const code = codeOf(error);
      if (told !== code) tell(error);
      told = code;
    },
    over: () => void (told = undefined),
  });
}
