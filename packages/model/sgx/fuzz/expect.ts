import { equalBytes } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';

/** The value of `body`, or undefined when it refused its input. Any other error is a finding. */
export function unlessRefused<T>(body: () => T): T | undefined {
  try {
    return body();
  } catch (error) {
    if (isEnclosError(error)) return undefined;
    throw error;
  }
}

/** A broken promise of a parser is a finding. */
export function expectEqual(actual: Uint8Array, expected: Uint8Array, what: string): void {
  if (!equalBytes(actual, expected)) throw new Error(`${what}: the bytes differ.`);
}

/** Bytes that are all different from zero somewhere, the same on every run. */
export function pattern(length: number, start = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (start + index * 13) % 256);
}
