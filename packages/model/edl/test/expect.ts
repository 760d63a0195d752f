import assert from 'node:assert/strict';
import { fromHex, toHex } from '@enclos/codec';
import { type ErrorCode, isEnclosError } from '@enclos/errors';
import { decodeValue, encodeValue, type Infer, type Type } from '../src/index.ts';

/** Runs `body`, which must throw `code` with exactly this message. */
export function throwsWith(code: ErrorCode, message: string | RegExp, body: () => unknown): void {
  assert.throws(body, (error: unknown) => {
    assert.ok(isEnclosError(error, code), `${String(error)} instead of ${code}`);
    if (typeof message === 'string') assert.equal(error.message, message);
    else assert.match(error.message, message);
    return true;
  });
}

/** The value that JavaScript, or a cast, would hand over. */
export function refusesValue(type: Type, value: unknown, message: string | RegExp): void {
  throwsWith('EDL_VALUE_REFUSED', message, () => encodeValue(type, value));
}

export function refusesBytes(type: Type, hex: string, message: string | RegExp): void {
  throwsWith('EDL_VALUE_REFUSED', message, () => decodeValue(type, fromHex(hex)));
}

/** `value` encodes to `hex` and `hex` decodes to `value`. */
export function encodesTo<X extends Type>(type: X, value: Infer<X>, hex: string): void {
  assert.equal(toHex(encodeValue(type, value)), hex);
  assert.deepEqual(decodeValue(type, fromHex(hex)), value);
}

export function refusesDefinition(message: string | RegExp, body: () => unknown): void {
  throwsWith('EDL_INVALID_INTERFACE', message, body);
}
