import { isEnclosError, type ErrorCode } from '@enclos/errors';
import assert from 'node:assert/strict';

/** Asserts that `body` throws an Enclos error of this code. */
export function refused(code: ErrorCode, body: () => unknown): void {
  assert.throws(body, (error) => isEnclosError(error, code), `expected ${code}`);
}

/** True when `body` returned, false when it threw an Enclos error; anything else is rethrown. */
export function accepted(body: () => unknown): boolean {
  try {
    body();
    return true;
  } catch (error) {
    if (isEnclosError(error)) return false;
    throw error;
  }
}

export function flipped(bytes: Uint8Array, index: number, mask = 0xff): Uint8Array {
  const copy = bytes.slice();
  copy[index] = (copy[index] ?? 0) ^ mask;
  return copy;
}
