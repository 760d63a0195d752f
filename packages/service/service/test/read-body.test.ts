import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBase64url, toBase64url } from '@enclos/codec';
import fc from 'fast-check';
import { base64urlBytes } from '../src/body/index.ts';
import { isRefusal } from '../src/refusal.ts';

/** What a reader makes of a text: its bytes, or nothing when it refuses it. */
function read(reader: () => Uint8Array): Uint8Array | undefined {
  try {
    return reader();
  } catch (error) {
    assert.ok(error instanceof Error && 'code' in error);
    return undefined;
  }
}

test('base64url that Node decodes is what the codec decodes, and what the codec refuses is refused', () => {
  const text = fc.uint8Array({ maxLength: 40 }).map(toBase64url);
  const other = fc.oneof(fc.constantFrom('+', '/', '-', '_', '=', 'A', 'B', ' ', '\n', '\0', 'ÿ', 'Ł'), fc.string());
  const mutated = fc.tuple(text, other, fc.nat(), fc.nat(2)).map(([whole, put, place, dropped]) => {
    const at = place % (whole.length + 1);
    return whole.slice(0, at) + put + whole.slice(at + dropped);
  });
  fc.assert(
    fc.property(fc.oneof(text, mutated, fc.string()), (given) => {
      const expected = read(() => fromBase64url(given));
      // A text that ends with its padding is taken without it.
      const found = read(() => base64urlBytes(given, 'quote'));
      if (!given.endsWith('=')) assert.deepEqual(found, expected);
      if (expected !== undefined) {
        const padded = given.padEnd(Math.ceil(given.length / 4) * 4, '=');
        assert.deepEqual(base64urlBytes(padded, 'quote'), expected);
      }
    }),
    { numRuns: 2000 },
  );
});

test('a refusal says which member it is about, and not what is in it', () => {
  assert.throws(
    () => base64urlBytes('sec+ret', 'quote'),
    (error) => isRefusal(error) && error.message.startsWith('quote is not base64url') && !error.message.includes('sec'),
  );
});
