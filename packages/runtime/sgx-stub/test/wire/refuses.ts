import assert from 'node:assert/strict';
import { failsWith } from '@enclos/testkit';

/** Asserts that the codec refuses. */
export function refuses(parse: () => unknown): void {
  assert.throws(parse, failsWith('SGX_WIRE_INVALID'));
}
