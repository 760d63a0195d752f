import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import fc from 'fast-check';
import {
  cborArray,
  cborBytes,
  cborInteger,
  cborLabelledMap,
  cborMap,
  cborNull,
  CborReader,
  cborTag,
  cborText,
  CborType,
  cborUnsigned,
  concatBytes,
  fromHex,
  toHex,
} from '../src/index.ts';

const reader = (hex: string): CborReader => new CborReader(fromHex(hex));
const refused = (code: string) => (error: unknown) => isEnclosError(error) && error.code === code;

test('the examples of RFC 8949 appendix A read as what they are, and are written so', () => {
  const integers: readonly (readonly [string, number])[] = [
    ['00', 0],
    ['17', 23],
    ['1818', 24],
    ['18ff', 255],
    ['190100', 256],
    ['1903e8', 1000],
    ['1a000f4240', 1_000_000],
    ['1b000000e8d4a51000', 1_000_000_000_000],
    ['1b001fffffffffffff', Number.MAX_SAFE_INTEGER],
  ];
  for (const [hex, value] of integers) {
    assert.equal(reader(hex).unsigned(Number.MAX_SAFE_INTEGER), value);
    assert.equal(toHex(cborUnsigned(value)), hex);
  }
  assert.equal(reader('6449455446').text(10), 'IETF');
  assert.equal(toHex(cborText('ü')), '62c3bc');
  assert.deepEqual(reader('4401020304').byteString(4), fromHex('01020304'));
  assert.equal(
    toHex(cborMap({ b: cborArray(cborUnsigned(2), cborUnsigned(3)), a: cborUnsigned(1) })),
    'a26161016162820203',
  );
  assert.equal(toHex(cborTag(60_000, cborArray())), 'd9ea6080');
});

test('a map may mix integers and texts as keys: their encoded bytes give the order', () => {
  const members = [
    ['a', cborUnsigned(1)],
    [-1, cborUnsigned(2)],
    [10, cborUnsigned(3)],
    [-65_537, cborUnsigned(4)],
  ] as const;
  assert.equal(toHex(cborLabelledMap(members)), 'a40a0320023a0001000004616101');
});

test('a value can be taken as it stands, with what it holds', () => {
  const two = reader('a26161016162820203f6');
  assert.equal(toHex(two.encoded()), 'a26161016162820203');
  assert.equal(two.simple(), null);
  two.end();
  assert.throws(() => reader('8201').encoded(), refused('CODEC_TRUNCATED'));
});

test('integers of either sign, and simple values', () => {
  const integers: readonly (readonly [string, number])[] = [
    ['00', 0],
    ['1b001fffffffffffff', Number.MAX_SAFE_INTEGER],
    ['20', -1],
    ['3863', -100],
    ['3903e7', -1000],
    ['3b001ffffffffffffe', -Number.MAX_SAFE_INTEGER],
  ];
  for (const [hex, value] of integers) {
    assert.equal(reader(hex).integer(), value);
    assert.equal(toHex(cborInteger(value)), hex);
  }
  assert.equal(toHex(cborNull()), 'f6');
  assert.throws(() => reader('3b001fffffffffffff').integer(), refused('CODEC_OUT_OF_RANGE'));
  for (const hex of ['40', '60', '80', 'f5', '3800']) {
    assert.throws(() => reader(hex).integer(), refused('CODEC_INVALID'), hex);
  }
  assert.deepEqual(
    ['f4', 'f5', 'f6'].map((hex) => reader(hex).simple()),
    [false, true, null],
  );
  for (const hex of ['f7', 'e0', 'f818', 'f93c00', '00']) {
    assert.throws(() => reader(hex).simple(), refused('CODEC_INVALID'), hex);
  }
  for (const hex of ['', '38']) assert.throws(() => reader(hex).integer(), refused('CODEC_TRUNCATED'));
});

test('what is written reads back', () => {
  fc.assert(
    fc.property(
      fc.record({
        number: fc.maxSafeNat(),
        bytes: fc.uint8Array({ maxLength: 300 }),
        text: fc.string({ unit: 'grapheme' }),
        tag: fc.nat(0xffff_ffff),
      }),
      ({ number, bytes, text, tag }) => {
        const written = cborTag(tag, cborArray(cborUnsigned(number), cborBytes(bytes), cborText(text)));
        const read = new CborReader(written);
        assert.equal(read.tag(), tag);
        assert.equal(read.array(3), 3);
        assert.equal(read.unsigned(Number.MAX_SAFE_INTEGER), number);
        assert.deepEqual(read.byteString(300), bytes);
        assert.equal(read.text(10_000), text);
        read.end();
        const skipped = new CborReader(written);
        skipped.skip();
        skipped.end();
      },
    ),
  );
});

test('keys of a map are in the order of their bytes, the shorter first', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ maxLength: 30 }), fc.nat(100)), (members) => {
      const encoded = cborMap(
        Object.fromEntries(Object.entries(members).map(([key, value]) => [key, cborUnsigned(value)])),
      );
      const read = new CborReader(encoded);
      const count = read.map(1000);
      let last = '';
      for (let i = 0; i < count; i++) {
        const key = toHex(cborText(read.text(1000)));
        assert.ok(i === 0 || key > last);
        last = key;
        read.skip();
      }
      read.end();
    }),
  );
});

test('each rule refuses what breaks it', () => {
  const whole = (hex: string) => (): void => {
    const read = reader(hex);
    read.skip();
    read.end();
  };
  // Non-minimal arguments, each length.
  for (const hex of ['1800', '1817', '190017', '1900ff', '1a0000ffff', '1b00000000ffffffff', '580100', '980100']) {
    assert.throws(whole(hex), refused('CODEC_INVALID'), hex);
  }
  // Indefinite lengths, reserved forms, floats, unassigned simple values, text that is no UTF-8.
  for (const hex of [
    '5f4101ff',
    '9f01ff',
    'bfff',
    '1c',
    'fd',
    'f90000',
    'fa00000000',
    'fb0000000000000000',
    'f0',
    'f820',
    'f7',
    'ff',
    '61ff',
  ]) {
    assert.throws(whole(hex), refused('CODEC_INVALID'), hex);
  }
  for (const hex of ['', '18', '19ff', '5901ff00', '6261', '8201', 'a101', 'c1', '9affffffff']) {
    assert.throws(whole(hex), refused('CODEC_TRUNCATED'), hex);
  }
  assert.throws(whole('0000'), refused('CODEC_TRAILING'));
  assert.throws(whole('1b0020000000000000'), refused('CODEC_OUT_OF_RANGE'));
  assert.throws(whole(`${'81'.repeat(17)}00`), refused('CODEC_OUT_OF_RANGE'));
  whole(`${'81'.repeat(16)}00`)();
  for (const hex of ['f4', 'f5', 'f6', '20', '3863', 'c074323031332d30332d32315432303a30343a30305a']) whole(hex)();
});

test('bounds are the caller’s, and are looked at before anything is read', () => {
  assert.throws(() => reader('1864').unsigned(99), refused('CODEC_OUT_OF_RANGE'));
  assert.throws(() => reader('5affffffff').byteString(10), refused('CODEC_OUT_OF_RANGE'));
  assert.throws(() => reader('626161').text(1), refused('CODEC_OUT_OF_RANGE'));
  assert.throws(() => reader('820102').array(1), refused('CODEC_OUT_OF_RANGE'));
  assert.throws(() => reader('a2').map(1), refused('CODEC_OUT_OF_RANGE'));
  assert.throws(() => reader('00').tag(), refused('CODEC_INVALID'));
  assert.equal(reader('d9ea60').peek(), CborType.TAG);
  assert.equal(reader('').peek(), undefined);
  assert.ok(new CborReader(concatBytes()).done);
});
