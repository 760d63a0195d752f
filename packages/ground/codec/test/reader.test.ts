import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError, type ErrorCode } from '@enclos/errors';
import fc from 'fast-check';
import { ByteReader, readSafeU64 } from '../src/index.ts';

const refuses = (read: () => unknown, code: ErrorCode): void =>
  assert.throws(read, (error) => isEnclosError(error, code));
const bytes = Uint8Array.from({ length: 16 }, (_, index) => index + 1);

test('integers are little-endian, in order', () => {
  const reader = new ByteReader(bytes);
  assert.equal(reader.u8(), 0x01);
  assert.equal(reader.u16(), 0x0302);
  assert.equal(reader.u32(), 0x07060504);
  assert.equal(reader.u64(), 0x0f0e0d0c0b0a0908n);
  assert.equal(reader.offset, 15);
  assert.equal(reader.remaining, 1);
  refuses(() => reader.end(), 'CODEC_TRAILING');
  reader.skip(1);
  reader.end();
});

test('a read past the end is refused and moves nothing', () => {
  const reader = new ByteReader(bytes, 0, 1);
  for (const read of [
    () => reader.u16(),
    () => reader.u32(),
    () => reader.u64(),
    () => reader.bytes(2),
    () => reader.view(2),
    () => reader.skip(2),
  ]) {
    refuses(read, 'CODEC_TRUNCATED');
  }
  assert.equal(reader.u8(), 1);
  refuses(() => reader.u8(), 'CODEC_TRUNCATED');
});

test('a length that is no length is refused', () => {
  const reader = new ByteReader(bytes);
  for (const length of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60]) {
    refuses(() => reader.bytes(length), 'CODEC_OUT_OF_RANGE');
  }
});

test('bytes are a copy, a view is not', () => {
  const input = bytes.slice();
  const reader = new ByteReader(input);
  const copy = reader.bytes(2);
  const view = reader.view(2);
  input.fill(0);
  assert.deepEqual(copy, Uint8Array.of(1, 2));
  assert.deepEqual(view, Uint8Array.of(0, 0));
});

test('a reader of a part of a larger buffer stays inside it', () => {
  const part = bytes.subarray(4, 12);
  const reader = new ByteReader(part, 2, 4);
  assert.equal(reader.u16(), 0x0807);
  refuses(() => reader.u8(), 'CODEC_TRUNCATED');
});

test('any sequence of reads gives the bytes in order or a typed error', () => {
  const reads = fc.array(fc.nat(20), { maxLength: 10 });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), reads, (input, lengths) => {
      const reader = new ByteReader(input);
      for (const length of lengths) {
        const { offset } = reader;
        try {
          assert.deepEqual(reader.bytes(length), input.slice(offset, offset + length));
        } catch (error) {
          assert.ok(isEnclosError(error, 'CODEC_TRUNCATED'), String(error));
          assert.equal(reader.offset, offset);
        }
      }
    }),
  );
});

test('a 64-bit integer is a number as long as a number holds it', () => {
  const of = (value: bigint): ByteReader => new ByteReader(new Uint8Array(BigUint64Array.of(value).buffer));
  for (const value of [0, 1, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
    assert.equal(readSafeU64(of(BigInt(value))), value);
  }
  refuses(() => readSafeU64(of(2n ** 53n)), 'CODEC_OUT_OF_RANGE');
  refuses(() => readSafeU64(of(2n ** 64n - 1n)), 'CODEC_OUT_OF_RANGE');
  refuses(() => readSafeU64(new ByteReader(bytes, 0, 7)), 'CODEC_TRUNCATED');
});
