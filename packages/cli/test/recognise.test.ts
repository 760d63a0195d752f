import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { scenario, snpScenario } from '@enclos/evidence-kit';
import fc from 'fast-check';
import { decodeCbor, isCborTagged } from '../src/evidence/cbor.ts';
import { readCertificate } from '../src/evidence/certificate.ts';
import { piecesIn } from '../src/evidence/found.ts';
import { recognise } from '../src/evidence/recognise.ts';
import { explain } from '../src/explain/explain.ts';
import { certificateWith, claimsAbout, serverKeyInfo, taggedEvidence } from './kit-evidence.ts';

const quote = scenario().quote;
const claims = claimsAbout(serverKeyInfo);
const certificate = certificateWith([{ id: '2.23.133.5.4.9', value: taggedEvidence(quote, claims) }]);
const samples = [quote, scenario({ kind: 'tdx-v4' }).quote, snpScenario({ rsaBits: 2048 }).report, certificate, claims];

/** A sample with some bytes changed, cut or added. */
const mutated = fc
  .tuple(
    fc.constantFrom(...samples),
    fc.array(fc.tuple(fc.nat(6000), fc.nat(255)), { maxLength: 4 }),
    fc.nat(6000),
    fc.uint8Array({ maxLength: 40 }),
  )
  .map(([sample, changes, cut, tail]) => {
    const bytes = sample.slice(0, cut % 3 === 0 ? cut : sample.length);
    for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
    return new Uint8Array([...bytes, ...tail]);
  });

test('whatever the bytes are, they are recognised as something and explained', () => {
  fc.assert(
    fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 300 }), fc.json().map(utf8)), (bytes) => {
      const found = recognise(bytes);
      for (const { evidence } of piecesIn(found)) assert.ok(evidence.bytes.length <= bytes.length);
      const { title, nodes } = explain(bytes);
      assert.ok(title !== '' && nodes.length > 0);
    }),
    { numRuns: 400 },
  );
});

test('the parsers below throw nothing but errors of the codec', () => {
  const parsers = [decodeCbor, readCertificate];
  fc.assert(
    fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 100 })), fc.constantFrom(...parsers), (bytes, parse) => {
      try {
        parse(bytes);
      } catch (error) {
        if (!isEnclosError(error) || !error.code.startsWith('CODEC_')) throw error;
      }
    }),
    { numRuns: 600 },
  );
});

/** Each: CBOR, and its value (RFC 8949, appendix A). */
const values: readonly (readonly [hex: string, value: unknown])[] = [
  ['00', 0],
  ['17', 23],
  ['1818', 24],
  ['1903e8', 1000],
  ['1a000f4240', 1_000_000],
  ['1b000000e8d4a51000', 1_000_000_000_000],
  ['1bffffffffffffffff', 18_446_744_073_709_551_615n],
  ['20', -1],
  ['3903e7', -1000],
  ['f4', false],
  ['f5', true],
  ['f6', null],
  ['4401020304', Uint8Array.of(1, 2, 3, 4)],
  ['6449455446', 'IETF'],
  ['80', []],
  ['83010203', [1, 2, 3]],
  [
    'a201020304',
    new Map([
      [1, 2],
      [3, 4],
    ]),
  ],
  [
    'a26161016162820203',
    new Map<string, unknown>([
      ['a', 1],
      ['b', [2, 3]],
    ]),
  ],
];

for (const [hex, value] of values) {
  test(`CBOR ${hex}`, () => assert.deepEqual(decodeCbor(fromHex(hex)), value));
}

test('a CBOR tag', () => {
  const item = decodeCbor(fromHex('d9ea6080'));
  assert.ok(isCborTagged(item));
  assert.deepEqual([item.tag, item.value], [60_000, []]);
});

/** Each: CBOR that is refused, and why. */
const refused: readonly (readonly [hex: string, code: string])[] = [
  ['', 'CODEC_TRUNCATED'],
  ['18', 'CODEC_TRUNCATED'],
  ['44010203', 'CODEC_TRUNCATED'],
  ['9b00000000ffffffff', 'CODEC_TRUNCATED'],
  ['bbffffffffffffffff', 'CODEC_TRUNCATED'],
  ['0000', 'CODEC_TRAILING'],
  ['5f4101ff', 'CODEC_INVALID'],
  ['1c', 'CODEC_INVALID'],
  ['f90000', 'CODEC_INVALID'],
  ['62c328', 'CODEC_INVALID'],
  ['a1800a', 'CODEC_INVALID'],
  ['a201010102', 'CODEC_INVALID'],
  ['81'.repeat(40) + '00', 'CODEC_OUT_OF_RANGE'],
];

for (const [hex, code] of refused) {
  test(`CBOR ${hex.slice(0, 20)} is refused`, () => {
    assert.throws(
      () => decodeCbor(fromHex(hex)),
      (error) => isEnclosError(error) && error.code === code,
    );
  });
}

test('nesting and fan-out are bounded', () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const wide = JSON.stringify(
    Array.from({ length: 50_000 }, (_, index) => `${index}`.padStart(80, 'a')).slice(0, 10_000),
  );
  let nested = Buffer.from(quote).toString('base64');
  for (let level = 0; level < 12; level++) nested = Buffer.from(nested).toString('base64');
  for (const text of [deep, wide, nested]) {
    const before = performance.now();
    recognise(utf8(text));
    assert.ok(performance.now() - before < 2000);
  }
});
