import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import fc from 'fast-check';
import {
  decodeCompanionFrame,
  decodeCompanionNotice,
  encodeCompanionFrame,
  encodeCompanionNotice,
  type CompanionNotice,
} from '../src/companions/index.ts';

const places = fc.record({
  companion: fc.nat(255),
  number: fc.nat(65_535),
  generation: fc.integer({ min: 1, max: 0xffff_ffff }),
});
const notices: fc.Arbitrary<CompanionNotice> = fc.oneof(
  fc.nat(255).map((companion) => ({ kind: 'open' as const, companion })),
  places.map((place) => ({ kind: 'end' as const, ...place })),
);

test('frames and notices of companions are read as they were written, in eight bytes', () => {
  fc.assert(
    fc.property(places, (frame) => assert.deepEqual(decodeCompanionFrame(encodeCompanionFrame(frame)), { ...frame })),
  );
  fc.assert(
    fc.property(notices, (notice) => {
      const bytes = encodeCompanionNotice(notice);
      assert.equal(bytes.length, 8);
      assert.deepEqual(decodeCompanionNotice(bytes), notice);
    }),
  );
});

test('any other bytes are refused, and nothing is read from two kinds', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 10 }), (bytes) => {
      for (const [decode, encode] of [
        [decodeCompanionFrame, encodeCompanionFrame],
        [decodeCompanionNotice, encodeCompanionNotice],
      ] as const) {
        try {
          // Each reads what its own encoder writes.
          assert.deepEqual((encode as (value: object) => Uint8Array)(decode(bytes)), bytes);
        } catch (error) {
          assert.ok(isEnclosError(error));
        }
      }
    }),
  );
  const broken = (error: unknown): boolean => isEnclosError(error, 'GATE_PROTOCOL_VIOLATION');
  const frame = encodeCompanionFrame({ companion: 1, number: 2, generation: 3 });
  assert.throws(() => decodeCompanionNotice(frame), broken);
  assert.throws(() => decodeCompanionFrame(encodeCompanionNotice({ kind: 'open', companion: 1 })), broken);
  assert.throws(() => decodeCompanionFrame(encodeCompanionFrame({ companion: 1, number: 2, generation: 0 })), broken);
  assert.throws(() => decodeCompanionNotice(Uint8Array.of(2, 0, 1, 0, 0, 0, 0, 0)), broken);
  assert.throws(() => decodeCompanionNotice(Uint8Array.of(3, 0, 1, 0, 0, 0, 0, 0)), broken);
});
