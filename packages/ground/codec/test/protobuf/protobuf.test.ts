import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError, type ErrorCode } from '@enclos/errors';
import fc from 'fast-check';
import { fromHex, toHex } from '../../src/index.ts';
import { ProtobufReader, ProtobufWriter } from '../../src/protobuf/index.ts';

const refused = (code: ErrorCode) => (error: unknown) => isEnclosError(error, code);

/** A reader at the value of the first field. */
function at(hex: string): ProtobufReader {
  const reader = new ProtobufReader(fromHex(hex));
  reader.next();
  return reader;
}

function elements<T>(read: (each: (value: T) => void) => void): readonly T[] {
  const values: T[] = [];
  read((value) => values.push(value));
  return values;
}

test('the examples of the encoding guide read as what they are, and are written so', () => {
  assert.equal(at('089601').int32(), 150);
  assert.equal(at('120774657374696e67').text(7), 'testing');
  const embedded = at('1a03089601').message();
  assert.equal(embedded.next(), 1);
  assert.equal(embedded.uint32(), 150);
  assert.equal(embedded.next(), 0);
  assert.deepEqual(
    elements<number>((each) => at('3206038e029ea705').int32Elements(each)),
    [3, 270, 86_942],
  );
  assert.equal(at('08feffffffffffffffff01').int32(), -2);
  assert.equal(toHex(new ProtobufWriter().int64(1, 150).finish()), '089601');
  assert.equal(toHex(new ProtobufWriter().int64(1, -2).finish()), '08feffffffffffffffff01');
  assert.equal(toHex(new ProtobufWriter().packedInt64(6, [3, 270, 86_942]).finish()), '3206038e029ea705');
  assert.equal(toHex(new ProtobufWriter().message(3, new ProtobufWriter().int64(1, 150)).finish()), '1a03089601');
});

test('repeated fields are read packed and not packed alike', () => {
  assert.deepEqual(
    elements<bigint>((each) => at('3003').int64Elements(each)),
    [3n],
  );
  assert.deepEqual(
    elements<bigint>((each) => at('320a ffffffffffffffffff01'.replace(' ', '')).int64Elements(each)),
    [-1n],
  );
  assert.deepEqual(
    elements<bigint>((each) => at('320affffffffffffffffff01').uint64Elements(each)),
    [2n ** 64n - 1n],
  );
  assert.equal(toHex(at('350000803f').fixedElements(4)), '0000803f');
  assert.equal(toHex(at('32080000803f00000040').fixedElements(4)), '0000803f00000040');
  assert.equal(toHex(at('31000000000000f03f').fixedElements(8)), '000000000000f03f');
  for (const hex of ['3203000000', '320280', '32018001']) {
    assert.throws(() => at(hex).fixedElements(4), refused('CODEC_TRUNCATED'), hex);
  }
  // The last varint would end after the packed elements do.
  assert.throws(() => at('3202038001').int32Elements(() => undefined), refused('CODEC_TRUNCATED'));
});

test('each rule of strictness refuses', () => {
  const cases: readonly (readonly [string, ErrorCode, (reader: ProtobufReader) => unknown])[] = [
    ['08', 'CODEC_TRUNCATED', (reader) => reader.int32()],
    ['0880', 'CODEC_TRUNCATED', (reader) => reader.int32()],
    ['1205aa', 'CODEC_TRUNCATED', (reader) => reader.bytes(100)],
    ['12ffffffffffffffffff01', 'CODEC_TRUNCATED', (reader) => reader.bytes(100)],
    ['0d0000', 'CODEC_TRUNCATED', (reader) => reader.float()],
    ['0900000000', 'CODEC_TRUNCATED', (reader) => reader.double()],
    ['088000', 'CODEC_INVALID', (reader) => reader.int32()],
    ['0802', 'CODEC_INVALID', (reader) => reader.bool()],
    ['0801', 'CODEC_INVALID', (reader) => reader.bytes(1)],
    ['0a00', 'CODEC_INVALID', (reader) => reader.int32()],
    ['0a01ff', 'CODEC_INVALID', (reader) => reader.text(1)],
    ['08ffffffffffffffffff02', 'CODEC_OUT_OF_RANGE', (reader) => reader.uint64()],
    ['08ffffffffffffffffffff01', 'CODEC_OUT_OF_RANGE', (reader) => reader.uint64()],
    ['088080808010', 'CODEC_OUT_OF_RANGE', (reader) => reader.uint32()],
    ['088080808008', 'CODEC_OUT_OF_RANGE', (reader) => reader.int32()],
    ['0a020000', 'CODEC_OUT_OF_RANGE', (reader) => reader.bytes(1)],
  ];
  for (const [hex, code, read] of cases) assert.throws(() => read(at(hex)), refused(code), hex);
});

test('tags are checked: the number of the field, and its wire type', () => {
  for (const hex of ['00', '07', '8080808080808001']) {
    assert.throws(() => at(hex), refused('CODEC_OUT_OF_RANGE'), hex);
  }
  for (const hex of ['0b', '0c', '0e', '0f']) assert.throws(() => at(hex), refused('CODEC_INVALID'), hex);
  assert.equal(new ProtobufReader(fromHex('f8ffffff0f00')).next(), 2 ** 29 - 1);
});

test('a field that may come once is refused the second time', () => {
  const reader = at('080108010801');
  assert.equal(reader.int32(), 1);
  reader.next();
  assert.equal(reader.once().int32(), 1);
  reader.next();
  assert.throws(() => reader.once(), refused('CODEC_INVALID'));
});

test('messages nest only so deep', () => {
  let bytes: Uint8Array = new Uint8Array();
  for (let depth = 0; depth < 102; depth++) bytes = new ProtobufWriter().bytes(1, bytes).finish();
  const descend = (reader: ProtobufReader): void => {
    if (reader.next() !== 0) descend(reader.message());
  };
  assert.throws(() => descend(new ProtobufReader(bytes)), refused('CODEC_OUT_OF_RANGE'));
});

test('the writer refuses what has no encoding', () => {
  for (const field of [0, 2 ** 29, 1.5]) {
    assert.throws(() => new ProtobufWriter().bool(field, true), refused('CODEC_OUT_OF_RANGE'));
  }
  for (const value of [2n ** 64n, -(2n ** 63n) - 1n, 2 ** 53, 0.5]) {
    assert.throws(() => new ProtobufWriter().int64(1, value), refused('CODEC_OUT_OF_RANGE'));
  }
});

test('a message may have more parts than a call has arguments', () => {
  const count = 200_000;
  const inner = new ProtobufWriter();
  for (let index = 0; index < count; index++) inner.bool(1, true);
  const bytes = new ProtobufWriter()
    .message(1, inner)
    .packedInt64(
      2,
      Array.from({ length: count }, () => 1),
    )
    .finish();
  const reader = new ProtobufReader(bytes);
  let fields = 0;
  reader.next();
  for (const message = reader.message(); message.next() !== 0;) fields += 1;
  reader.next();
  reader.int32Elements(() => (fields += 1));
  assert.equal(fields, 2 * count);
});

test('what is written reads back, and a reader that knows no field skips all of it', () => {
  const fields = fc.record({
    signed: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    unsigned: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    small: fc.integer(),
    float: fc.float(),
    double: fc.double(),
    bytes: fc.uint8Array({ maxLength: 300 }),
    text: fc.string({ unit: 'grapheme' }),
    list: fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
    field: fc.integer({ min: 1, max: 2 ** 29 - 1 }),
  });
  fc.assert(
    fc.property(fields, ({ signed, unsigned, small, float, double, bytes, text, list, field }) => {
      const message = new ProtobufWriter()
        .int64(field, signed)
        .int64(field, unsigned)
        .int64(field, small)
        .float(field, float)
        .double(field, double)
        .bytes(field, bytes)
        .text(field, text)
        .packedInt64(field, list);
      const outer = new ProtobufWriter().message(1, message).finish();
      const whole = new ProtobufReader(outer);
      assert.equal(whole.next(), 1);
      const reader = whole.message();
      const next = (): ProtobufReader => {
        assert.equal(reader.next(), field);
        return reader;
      };
      assert.equal(next().int64(), signed);
      assert.equal(next().uint64(), unsigned);
      assert.equal(next().int32(), small);
      assert.ok(Object.is(next().float(), float));
      assert.ok(Object.is(next().double(), double));
      assert.deepEqual(next().bytes(300), bytes);
      assert.equal(next().text(10_000), text);
      assert.deepEqual(
        elements<bigint>((each) => next().int64Elements(each)),
        list,
      );
      assert.equal(reader.next(), 0);
      assert.equal(whole.next(), 0);
      const skipper = new ProtobufReader(message.finish());
      let count = 0;
      while (skipper.next() !== 0) count += 1;
      assert.equal(count, 8);
    }),
  );
});
