import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { decodeInPieces, encodeInPieces, inPieces } from '../src/session/pieces.ts';

const piece = 1024 * 1024;
const ends: fc.Arbitrary<string> = fc.string({
  unit: fc.constantFrom('a', 'é', '€', '😀', '\ud83d', '\ude00', '\ufffd'),
  minLength: 1,
  maxLength: 12,
});
/** Texts and bytes whose pieces end amid something. */
const offsets = fc.integer({ min: 0, max: 12 });

test('a text has the bytes that it has in one go, wherever it is cut', () => {
  fc.assert(
    fc.property(ends, offsets, (middle, before) => {
      const text = `${'x'.repeat(piece - before)}${middle}${'y'.repeat(20)}`;
      assert.ok(Buffer.from(text).equals(encodeInPieces(text, () => undefined)));
    }),
    { numRuns: 60 },
  );
});

test('bytes are the text that they are in one go, wherever they are cut and whatever they are', () => {
  const bytes = fc.oneof(
    ends.map((text) => Buffer.from(text)),
    fc.uint8Array({ minLength: 1, maxLength: 12 }),
    fc.array(fc.constantFrom(0x80, 0xbf, 0xc2, 0xe2, 0xf0, 0x9f, 0x41, 0xff), { minLength: 1, maxLength: 12 }),
  );
  fc.assert(
    fc.property(bytes, offsets, (middle, before) => {
      const whole = Buffer.concat([Buffer.alloc(piece - before, 'x'), Uint8Array.from(middle), Buffer.alloc(20, 'y')]);
      assert.equal(
        decodeInPieces(whole, () => undefined),
        whole.toString('utf8'),
      );
    }),
    { numRuns: 100 },
  );
});

test('the time is looked at before each piece', () => {
  let looks = 0;
  const look = (): void => {
    looks += 1;
  };
  const taken: number[] = [];
  inPieces(new Uint8Array(2 * piece + 1), look, ({ length }) => taken.push(length));
  assert.deepEqual([taken, looks], [[piece, piece, 1], 3]);
  encodeInPieces('x'.repeat(2 * piece), look);
  decodeInPieces(new Uint8Array(2 * piece), look);
  assert.equal(looks, 9);
});
