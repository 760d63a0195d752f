import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError, type ErrorCode } from '@enclos/errors';
import fc from 'fast-check';
import { concatBytes, utf8 } from '../src/bytes.ts';
import { fromHex, toHex } from '../src/text-forms.ts';
import { DerReader, DerTag } from '../src/der.ts';
import { fuzz } from '../fuzz/der.fuzz.ts';

const reader = (hex: string): DerReader => new DerReader(fromHex(hex));

function refuses(read: () => unknown, code: ErrorCode, what?: string): void {
  assert.throws(read, (error) => isEnclosError(error, code), what);
}

test('a sequence of every kind of value', () => {
  const values = reader(
    '30270201050101ff0603551d130a0102040201020303070080130141160142a003020107310302010b',
  ).sequence();
  assert.equal(values.integer(5), 5);
  assert.equal(values.boolean(), true);
  assert.equal(values.objectIdentifier(), '2.5.29.19');
  assert.equal(values.enumerated(2), 2);
  assert.deepEqual(values.octetString(), Uint8Array.of(1, 2));
  assert.deepEqual(values.bitString(), { unusedBits: 7, bytes: Uint8Array.of(0, 0x80) });
  assert.equal(values.text(1), 'A');
  assert.equal(values.text(1), 'B');
  assert.equal(values.optionalExplicit(1), undefined);
  assert.equal(values.optionalExplicit(0)?.integer(7), 7);
  assert.equal(values.set().integer(255), 11);
  assert.equal(values.done, true);
  values.end();
});

test('an element gives its content and its whole encoding', () => {
  const element = reader('30030101ff').element(DerTag.SEQUENCE);
  assert.equal(toHex(element.content), '0101ff');
  assert.equal(toHex(element.encoded), '30030101ff');
  assert.equal(element.tag, 0x30);
});

test('input that ends early is truncated', () => {
  for (const hex of ['', '30', '3001', '3081', '308180', '30820100', '0402ff', '3084ffffffff']) {
    refuses(() => reader(hex).element(), 'CODEC_TRUNCATED', hex);
  }
});

test('bytes after a value are trailing', () => {
  const outer = reader('0101ff00');
  outer.boolean();
  refuses(() => outer.end(), 'CODEC_TRAILING');
});

const forms: readonly (readonly [what: string, hex: string])[] = [
  ['an indefinite length', '30800000'],
  ['a length of five octets', '30850000000001'],
  ['the reserved length', '30ff'],
  ['a long form for a short length', '308105'],
  ['a length with a leading zero', '3082008000'],
  ['a length of three octets with a leading zero', '3083000100'],
  ['a tag of two octets', '1f8100'],
];

for (const [what, hex] of forms) test(`refused: ${what}`, () => refuses(() => reader(hex).element(), 'CODEC_INVALID'));

test('lengths at the borders of their forms', () => {
  for (const [size, head] of [
    [0x7f, '047f'],
    [0x80, '048180'],
    [0xff, '0481ff'],
    [0x100, '04820100'],
    [0xffff, '0482ffff'],
    [0x10000, '0483010000'],
  ] as const) {
    const bytes = concatBytes(fromHex(head), new Uint8Array(size));
    const outer = new DerReader(bytes);
    assert.equal(outer.octetString().length, size);
    outer.end();
  }
});

test('another tag than the one wanted is refused', () => {
  refuses(() => reader('0101ff').integer(1), 'CODEC_INVALID');
  refuses(() => reader('0101ff').sequence(), 'CODEC_INVALID');
  refuses(() => reader('0101ff').time(), 'CODEC_INVALID');
  refuses(() => reader('0101ff').text(9), 'CODEC_INVALID');
});

test('nesting over 16 is refused', () => {
  let hex = '0500';
  for (let depth = 0; depth < 17; depth++) hex = `30${(hex.length / 2).toString(16).padStart(2, '0')}${hex}`;
  const descend = (): void => {
    for (let inside = reader(hex); inside.peek() === DerTag.SEQUENCE;) inside = inside.sequence();
  };
  refuses(descend, 'CODEC_OUT_OF_RANGE');
});

test('booleans are 00 or FF', () => {
  assert.equal(reader('010100').boolean(), false);
  for (const hex of ['010101', '0100', '0102ffff']) refuses(() => reader(hex).boolean(), 'CODEC_INVALID', hex);
});

test('integers are minimal, not negative and bounded', () => {
  assert.equal(reader('020100').integer(0), 0);
  assert.equal(reader('02020080').integer(128), 128);
  assert.equal(reader('020500ffffffff').integer(0xffff_ffff), 0xffff_ffff);
  assert.equal(toHex(reader('02020080').magnitude(1)), '80');
  for (const hex of ['0200', '02020001', '0203000080']) refuses(() => reader(hex).integer(9), 'CODEC_INVALID', hex);
  for (const hex of ['0201ff', '020180']) refuses(() => reader(hex).integer(255), 'CODEC_OUT_OF_RANGE', hex);
  refuses(() => reader('020106').integer(5), 'CODEC_OUT_OF_RANGE');
  refuses(() => reader('02050100000000').integer(5), 'CODEC_OUT_OF_RANGE');
  refuses(() => reader('0a0103').enumerated(2), 'CODEC_OUT_OF_RANGE');
  refuses(() => reader('0a020001').enumerated(2), 'CODEC_INVALID');
});

test('bit strings have unused bits that exist and are zero', () => {
  assert.deepEqual(reader('030100').bitString(), { unusedBits: 0, bytes: new Uint8Array() });
  for (const hex of ['0300', '030101', '03020800', '03020101', '030207c0']) {
    refuses(() => reader(hex).bitString(), 'CODEC_INVALID', hex);
  }
});

test('object identifiers have minimal, complete, bounded arcs', () => {
  assert.equal(reader('06082a8648ce3d040302').objectIdentifier(), '1.2.840.10045.4.3.2');
  assert.equal(reader('0603813403').objectIdentifier(), '2.100.3');
  assert.equal(reader('060100').objectIdentifier(), '0.0');
  for (const hex of ['0600', '060180', '06022a80', '06032a8001', '0602802a']) {
    refuses(() => reader(hex).objectIdentifier(), 'CODEC_INVALID', hex);
  }
  refuses(() => reader(`060a2a${'ff'.repeat(8)}7f`).objectIdentifier(), 'CODEC_OUT_OF_RANGE');
  refuses(() => reader(`0641${'2a'.repeat(65)}`).objectIdentifier(), 'CODEC_OUT_OF_RANGE');
});

const time = (tag: number, text: string): number =>
  new DerReader(concatBytes(Uint8Array.of(tag, text.length), utf8(text))).time();

test('times are of the RFC 5280 profile', () => {
  assert.equal(time(0x17, '250506092500Z'), Date.parse('2025-05-06T09:25:00Z'));
  assert.equal(time(0x17, '491231235959Z'), Date.parse('2049-12-31T23:59:59Z'));
  assert.equal(time(0x17, '500101000000Z'), Date.parse('1950-01-01T00:00:00Z'));
  assert.equal(time(0x17, '240229000000Z'), Date.parse('2024-02-29T00:00:00Z'));
  assert.equal(time(0x18, '20500101000000Z'), Date.parse('2050-01-01T00:00:00Z'));
  assert.equal(time(0x18, '99991231235959Z'), Date.parse('9999-12-31T23:59:59Z'));
  const utc = [
    '',
    '2505060925Z',
    '250506092500',
    '250506092500+0000',
    '250506092500.0Z',
    '251306092500Z',
    '250230000000Z',
    '250506240000Z',
    '250506006000Z',
    '250506000060Z',
    '2505060925 0Z',
    '250506092500Z0000',
  ];
  for (const text of utc) refuses(() => time(0x17, text), 'CODEC_INVALID', text);
  for (const text of ['20491231235959Z', '20500101000000.5Z', '205001010000Z', '20500230000000Z', '20500101000000']) {
    refuses(() => time(0x18, text), 'CODEC_INVALID', text);
  }
});

test('strings are of their character set', () => {
  assert.equal(reader('0c02c3a9').text(2), 'é');
  for (const hex of ['0c02c328', '130140', '160180', '16010a', '130240c3', '1e020041']) {
    refuses(() => reader(hex).text(9), 'CODEC_INVALID', hex);
  }
  refuses(() => reader('0c024141').text(1), 'CODEC_OUT_OF_RANGE');
});

test('an object identifier reads back, whatever its arcs', () => {
  const arcs = fc.tuple(fc.constantFrom(0, 1, 2), fc.nat(39), fc.array(fc.maxSafeNat(), { maxLength: 5 }));
  fc.assert(
    fc.property(arcs, ([root, second, rest]) => {
      const groups = (value: number): number[] => {
        const octets = [value % 128];
        for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128)) {
          octets.unshift((left % 128) + 128);
        }
        return octets;
      };
      const content = [40 * root + second, ...rest].flatMap(groups);
      const read = (): string => new DerReader(Uint8Array.from([6, content.length, ...content])).objectIdentifier();
      assert.equal(read(), [root, second, ...rest].join('.'));
    }),
  );
});

test('an integer reads back, and in one form only', () => {
  fc.assert(
    fc.property(fc.nat(0xffff_ffff), fc.nat(3), (value, padding) => {
      let bytes = fromHex(value.toString(16).padStart(8, '0'));
      while (bytes.length > 1 && bytes[0] === 0) bytes = bytes.subarray(1);
      if ((bytes[0] ?? 0) >= 0x80) bytes = concatBytes(Uint8Array.of(0), bytes);
      const encoded = concatBytes(Uint8Array.of(2, bytes.length + padding), new Uint8Array(padding), bytes);
      if (padding === 0) assert.equal(new DerReader(encoded).integer(0xffff_ffff), value);
      else refuses(() => new DerReader(encoded).integer(0xffff_ffff), 'CODEC_INVALID');
    }),
  );
});

test('arbitrary bytes throw nothing but typed errors', () => {
  const tagged = fc.array(
    fc.oneof(fc.constantFrom(...Object.values(DerTag), 0xa0, 0x80, 0x81, 0x82), fc.nat(12), fc.nat(255)),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(tagged, (octets) => fuzz(Uint8Array.from(octets))),
    { numRuns: 3_000 },
  );
});
