import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  concatBytes,
  derBitString,
  derBoolean,
  derEcdsaSignature,
  derEnumerated,
  derExplicit,
  derInteger,
  derMagnitude,
  derOctetString,
  derOid,
  DerReader,
  derSequence,
  derTime,
  derValue,
  fromHex,
  toHex,
} from '../src/index.ts';

const bytes = (maxLength: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength });

test('the strict reader reads back what is written', () => {
  fc.assert(
    fc.property(
      fc.record({
        integer: fc.nat(0xffff_ffff),
        content: bytes(300),
        flag: fc.boolean(),
        number: fc.nat(100),
        arc: fc.nat({ max: 2 ** 31 - 1 }),
      }),
      ({ integer, content, flag, number, arc }) => {
        const written = derSequence(
          derInteger(integer),
          derOctetString(content),
          derBoolean(flag),
          derEnumerated(number),
          derOid(`1.2.${arc}.${number}`),
          derBitString(content),
          derExplicit(3, derOctetString(content)),
        );
        const reader = new DerReader(written).sequence();
        assert.equal(reader.integer(0xffff_ffff), integer);
        assert.deepEqual(reader.octetString(), content);
        assert.equal(reader.boolean(), flag);
        assert.equal(reader.enumerated(100), number);
        assert.equal(reader.objectIdentifier(), `1.2.${arc}.${number}`);
        assert.deepEqual(reader.bitString(), { unusedBits: 0, bytes: content });
        assert.deepEqual(reader.optionalExplicit(3)?.octetString(), content);
        reader.end();
      },
    ),
  );
});

test('a magnitude is written in its shortest form, and never as a negative number', () => {
  fc.assert(
    fc.property(bytes(20), (magnitude) => {
      const read = new DerReader(derMagnitude(magnitude)).magnitude(20);
      assert.equal(toHex(read).replace(/^(?:00)+/, ''), toHex(magnitude).replace(/^(?:00)+/, ''));
    }),
  );
  assert.equal(toHex(derMagnitude(fromHex('0080'))), '02020080');
  assert.equal(toHex(derMagnitude(new Uint8Array())), '020100');
});

test('a bit string says how many bits at its end are unused', () => {
  const read = new DerReader(derBitString(Uint8Array.of(0xc0), 6)).bitString();
  assert.deepEqual(read, { unusedBits: 6, bytes: Uint8Array.of(0xc0) });
});

test('lengths of every form are the shortest', () => {
  for (const length of [0, 127, 128, 255, 256, 65_535, 65_536]) {
    const { content } = new DerReader(derValue(0x04, new Uint8Array(length))).element(0x04);
    assert.equal(content.length, length);
  }
});

test('times are whole seconds: UTCTime through 2049, GeneralizedTime after', () => {
  for (const text of ['1970-01-01T00:00:00Z', '2049-12-31T23:59:59Z', '2050-01-01T00:00:00Z', '9999-12-31T23:59:59Z']) {
    assert.equal(new DerReader(derTime(new Date(text))).time(), Date.parse(text));
  }
  assert.deepEqual(derTime(new Date('2026-01-02T03:04:05.678Z')), derTime(new Date('2026-01-02T03:04:05Z')));
  assert.equal(concatBytes(derTime(new Date('2050-01-01T00:00:00Z')))[0], 0x18);
});

test('a signature of ECDSA is written as its two numbers', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 66 }), fc.infiniteStream(fc.nat(255)), (half, stream) => {
      const fixed = Uint8Array.from({ length: 2 * half }, () => Number(stream.next().value));
      const reader = new DerReader(derEcdsaSignature(fixed)).sequence();
      const [r, s] = [reader.magnitude(half), reader.magnitude(half)];
      reader.end();
      const padded = (number: Uint8Array): Uint8Array => concatBytes(new Uint8Array(half - number.length), number);
      assert.deepEqual(concatBytes(padded(r), padded(s)), fixed);
    }),
  );
});
