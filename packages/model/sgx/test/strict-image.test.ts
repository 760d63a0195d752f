import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes } from '@enclos/codec';
import {
  openStrictImage,
  PAGE_SIZE,
  readSgxs,
  readStrictImage,
  SGXS_CHUNK_BYTES,
  SGXS_CHUNK_RECORD_BYTES,
  SGXS_HEADER_BYTES,
  SGXS_PAGE_RECORD_BYTES,
  StrictImageReader,
  type StrictImage,
} from '../src/index.ts';
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
  assert.deepEqual(
    Buffer.from(actual.read(0, actual.contentBytes)),
    Buffer.from(concatBytes(...pages.map(({ content }) => content))),
  );
  assert.deepEqual(
    pages.map((_page, at) => actual.flagsOf(at)),
    pages.map(({ flags }) => flags),
  );
}

function readAll({ contentBytes, read, flagsOf }: StrictImage): void {
  read(0, contentBytes);
  for (let page = 0; page < contentBytes / PAGE_SIZE; page++) flagsOf(page);
}

test('what is opened is checked where it is read, and only there', () => {
  const last = image.length - SGXS_CHUNK_RECORD_BYTES;
  const wrong = openStrictImage(flipped(image, last, 1));
  const whole = inPieces(image, [image.length]);
  const before = 3 * PAGE_SIZE - SGXS_CHUNK_BYTES;
  assert.deepEqual(wrong.read(0, before), whole.read(0, before).slice());
  refused('SGXS_INVALID', () => wrong.read(before, 1));
  const moved = openStrictImage(flipped(image, SGXS_HEADER_BYTES + SGXS_PAGE_RECORD_BYTES + 9, 0x10));
  assert.equal(moved.flagsOf(0), whole.flagsOf(0));
  refused('SGXS_INVALID', () => moved.flagsOf(1));
  refused('SGXS_INVALID', () => moved.read(PAGE_SIZE + 1, 1));
  for (const length of [0, 63, 64, image.length - 1]) {
    refused('SGXS_INVALID', () => openStrictImage(image.subarray(0, length)));
  }
  refused('SGXS_INVALID', () => openStrictImage(image.subarray(SGXS_HEADER_BYTES)));
});

test('an image comes out with the contents and flags of its pages', () => {
  assertSame(readStrictImage(image), image);
  assert.equal(readStrictImage(image).contentBytes, 3 * PAGE_SIZE);
});

test('any part of the content can be read, and nothing beyond its end', () => {
  // A view of larger memory.
  const shifted = concatBytes(Uint8Array.of(1, 2, 3), image).subarray(3);
  const streamed = inPieces(image, [image.length]);
  const whole = streamed.read(0, streamed.contentBytes);
  for (const [at, length] of [
    [0, 0],
    [0, 1],
    [255, 2],
    [4095, 2],
    [300, 5000],
    [3 * PAGE_SIZE - 1, 5],
    [3 * PAGE_SIZE, 1],
    [4 * PAGE_SIZE, 1],
  ] as const) {
    const expected = whole.slice(at, at + length);
    assert.deepEqual(readStrictImage(shifted).read(at, length), expected);
    assert.deepEqual(streamed.read(at, length).slice(), expected);
  }
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
      assert.equal(
        streamed,
        accepted(() => readStrictImage(bytes)),
      );
      // All of it is checked that is read.
      assert.equal(
        streamed,
        accepted(() => readAll(openStrictImage(bytes))),
      );
      if (!streamed) return;
      assertSame(inPieces(bytes, [cut]), bytes);
      assertSame(readStrictImage(bytes), bytes);
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
