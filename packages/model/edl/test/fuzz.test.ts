import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { fuzz, seeds } from '../fuzz/decode.fuzz.ts';

test('the fuzz target accepts its seeds, and every one-byte change of them', () => {
  for (const seed of seeds) {
    fuzz(seed);
    for (let at = 0; at < seed.length; at++) {
      for (const value of [0, 1, 2, 0x7f, 0x80, 0xff]) fuzz(seed.map((byte, i) => (i === at ? value : byte)));
      fuzz(seed.subarray(0, at));
    }
  }
});

test('the fuzz target accepts arbitrary bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (data) => fuzz(data)),
    { numRuns: 2000 },
  );
  assert.equal(seeds.length, 2);
});
