import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import fc from 'fast-check';
import { ByteReader, ByteWriter } from '../src/index.ts';

const outOfRange = (error: unknown): boolean => isEnclosError(error, 'CODEC_OUT_OF_RANGE');

test('what is written reads back, with growth at any write', () => {
  const writes = fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant('u8' as const), value: fc.nat(0xff) }),
      fc.record({ kind: fc.constant('u16' as const), value: fc.nat(0xffff) }),
      fc.record({ kind: fc.constant('u32' as const), value: fc.nat(0xffff_ffff) }),
      fc.record({ kind: fc.constant('u64' as const), value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) }),
      fc.record({ kind: fc.constant('bytes' as const), value: fc.uint8Array({ maxLength: 40 }) }),
      fc.record({ kind: fc.constant('zeros' as const), value: fc.nat(20) }),
    ),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(writes, fc.nat(16), (steps, sizeHint) => {
      const writer = new ByteWriter({ sizeHint });
      for (const step of steps) {
        if (step.kind === 'bytes') writer.bytes(step.value);
        else if (step.kind === 'u64') writer.u64(step.value);
        else writer[step.kind](step.value);
      }
      const reader = new ByteReader(writer.finish());
      assert.equal(writer.length, reader.remaining);
      for (const step of steps) {
        if (step.kind === 'bytes') assert.deepEqual(reader.bytes(step.value.length), step.value);
        else if (step.kind === 'zeros') assert.deepEqual(reader.bytes(step.value), new Uint8Array(step.value));
        else assert.equal(reader[step.kind](), step.value);
      }
      reader.end();
    }),
  );
});

test('integers out of range are refused', () => {
  const writer = new ByteWriter();
  for (const value of [-1, 256, 1.5, Number.NaN]) assert.throws(() => writer.u8(value), outOfRange);
  for (const value of [-1, 65_536]) assert.throws(() => writer.u16(value), outOfRange);
  for (const value of [-1, 2 ** 32]) assert.throws(() => writer.u32(value), outOfRange);
  for (const value of [-1n, 2n ** 64n]) assert.throws(() => writer.u64(value), outOfRange);
  assert.equal(writer.length, 0);
});

test('the bound holds for every kind of write', () => {
  const writer = new ByteWriter({ maxBytes: 3 });
  writer.u16(1);
  assert.throws(() => writer.u16(1), outOfRange);
  assert.throws(() => writer.bytes(new Uint8Array(2)), outOfRange);
  assert.throws(() => writer.zeros(2), outOfRange);
  writer.u8(9);
  assert.deepEqual(writer.finish(), Uint8Array.of(1, 0, 9));
});

test('fixed bytes are of exactly that length', () => {
  const writer = new ByteWriter();
  for (const length of [0, 1, 3]) assert.throws(() => writer.fixed(new Uint8Array(length), 2), outOfRange);
  assert.deepEqual(writer.fixed(Uint8Array.of(1, 2), 2).finish(), Uint8Array.of(1, 2));
});

test('a finished value is a copy', () => {
  const writer = new ByteWriter().u8(1);
  const first = writer.finish();
  writer.u8(2);
  first[0] = 9;
  assert.deepEqual(writer.finish(), Uint8Array.of(1, 2));
});
