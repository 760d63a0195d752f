import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes } from '@enclos/codec';
import { PAGE_SIZE, readSgxs, readStrictImage, StrictImageReader, type StrictImage } from '../src/index.ts';
import { accepted, flipped, refused } from './refused.ts';
import { imageOf } from './streams.ts';

const image = imageOf(3);

function inPieces(bytes: Uint8Array, cuts: readonly number[]): StrictImage {
  const reader = new StrictImageReader(bytes.length);
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const piece = bytes.slice(at, at + (cuts[i % cuts.length] ?? 1));
    reader.push(piece);
    at += piece.length;
    // What was pushed is copied.
    piece.fill(0xee);
  }
  return reader.finish();
}

function assertSame(actual: StrictImage, bytes: Uint8Array): void {
  const { geometry, pages } = readSgxs(bytes, { profile: 'strict' });
  assert.deepEqual({ ...actual.geometry }, { ...geometry });
  assert.deepEqual(Buffer.from(actual.content), Buffer.from(concatBytes(...pages.map(({ content }) => content))));
  assert.deepEqual(
    pages.map((_page, at) => actual.flagsOf(at)),
    pages.map(({ flags }) => flags),
  );
}

test('an image comes out with the contents and flags of its pages', () => {
  assertSame(readStrictImage(image), image);
  assert.equal(readStrictImage(image).content.length, 3 * PAGE_SIZE);
});

test('the cuts between pieces do not matter', () => {
  for (const cut of [1, 63, 64, 65, 319, 320, 321, 5184, image.length]) assertSame(inPieces(image, [cut]), image);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 6000 }), { minLength: 1, maxLength: 20 }), (cuts) => {
      assertSame(inPieces(image, cuts), image);
    }),
    { numRuns: 60 },
  );
});

test('it accepts exactly what readSgxs accepts as strict', () => {
  const changed = fc
    .tuple(fc.nat(image.length - 1), fc.constantFrom(0, 1, 0x80, 0xff), fc.nat(image.length))
    .map(([index, mask, length]) => flipped(image, index, mask).subarray(0, length));
  fc.assert(
    fc.property(changed, fc.integer({ min: 1, max: 900 }), (bytes, cut) => {
      const streamed = accepted(() => inPieces(bytes, [cut]));
      assert.equal(
        streamed,
        accepted(() => readSgxs(bytes, { profile: 'strict' })),
      );
      if (streamed) assertSame(inPieces(bytes, [cut]), bytes);
    }),
    { numRuns: 300 },
  );
});

test('the bound counts every byte of the stream', () => {
  refused('SGXS_TOO_LARGE', () => new StrictImageReader(image.length - 1).push(image));
});

test('after an error it stays refused', () => {
  const reader = new StrictImageReader(1 << 20);
  refused('SGXS_INVALID', () => reader.push(new Uint8Array(64)));
  refused('SGXS_INVALID', () => reader.push(image));
  refused('SGXS_INVALID', () => reader.finish());
});

test('the end is refused in an empty stream, inside a record, before any page and inside a page', () => {
  for (const length of [0, 10, 64, 100, 128, 200, 448, image.length - 1]) {
    refused('SGXS_INVALID', () => readStrictImage(image.subarray(0, length)));
  }
});
