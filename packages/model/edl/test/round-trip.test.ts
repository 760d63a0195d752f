import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import * as fc from 'fast-check';
import { decodeValue, encodeValue, maxEncodedBytes, type Type } from '../src/index.ts';
import { samples } from './generator.ts';

interface TypeAndValue {
  readonly type: Type;
  readonly value: unknown;
}

const typeAndValue: fc.Arbitrary<TypeAndValue> = samples(3).chain(({ type, values }) =>
  values.map((value) => ({ type, value })),
);

/** Either typed refusal, or a value whose only encoding is `bytes`. */
function decodesCanonically(type: Type, bytes: Uint8Array): void {
  let value: unknown;
  try {
    value = decodeValue(type, bytes);
  } catch (error) {
    assert.ok(isEnclosError(error, 'EDL_VALUE_REFUSED'), String(error));
    return;
  }
  assert.equal(toHex(encodeValue(type, value)), toHex(bytes));
}

test('any value of any type comes back equal, in at most maxEncodedBytes', () => {
  fc.assert(
    fc.property(typeAndValue, ({ type, value }) => {
      const bytes = encodeValue(type, value);
      assert.ok(bytes.length <= maxEncodedBytes(type));
      const decoded = decodeValue(type, bytes);
      assert.deepEqual(decoded, value);
      assert.equal(toHex(encodeValue(type, decoded)), toHex(bytes));
    }),
    { numRuns: 400 },
  );
});

test('arbitrary bytes are refused or are the only encoding of what they decode to', () => {
  fc.assert(
    fc.property(samples(2), fc.uint8Array({ maxLength: 24 }), ({ type }, bytes) => decodesCanonically(type, bytes)),
    { numRuns: 600 },
  );
});

test('a damaged encoding is refused or is the only encoding of another value', () => {
  const damaged = typeAndValue.chain(({ type, value }) =>
    fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })).map(([place, change]) => {
      const bytes = encodeValue(type, value);
      const at = place % Math.max(1, bytes.length);
      return { type, bytes: bytes.map((byte, i) => (i === at ? byte ^ change : byte)) };
    }),
  );
  fc.assert(
    fc.property(damaged, ({ type, bytes }) => decodesCanonically(type, bytes)),
    { numRuns: 400 },
  );
});

test('every proper prefix, and every extension, of an encoding is refused', () => {
  fc.assert(
    fc.property(typeAndValue, fc.nat(), ({ type, value }, place) => {
      const bytes = encodeValue(type, value);
      const refused = (input: Uint8Array): void =>
        assert.throws(
          () => decodeValue(type, input),
          (error: unknown) => isEnclosError(error, 'EDL_VALUE_REFUSED'),
        );
      refused(bytes.subarray(0, place % bytes.length));
      refused(Uint8Array.of(...bytes, 0));
    }),
    { numRuns: 200 },
  );
});
