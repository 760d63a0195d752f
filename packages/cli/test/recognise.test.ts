import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { azureSnpScenario, scenario, snpScenario } from '@enclos/evidence-kit';
import fc from 'fast-check';
import { readCertificate } from '../src/evidence/certificate.ts';
import { piecesIn } from '../src/evidence/found.ts';
import { recognise } from '../src/evidence/recognise.ts';
import { explain } from '../src/explain/explain.ts';
import { certificateWith, claimsAbout, serverKeyInfo, taggedEvidence } from './kit-evidence.ts';

const quote = scenario().quote;
const claims = claimsAbout(serverKeyInfo);
const certificate = certificateWith([{ id: '2.23.133.5.4.9', value: taggedEvidence(quote, claims) }]);
const azure = azureSnpScenario({ snp: { rsaBits: 2048 } });
const samples = [
  azure.document,
  azure.hclReport,
  quote,
  scenario({ kind: 'tdx-v4' }).quote,
  snpScenario({ rsaBits: 2048 }).report,
  certificate,
  claims,
];

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

test('the reader of certificates throws nothing but errors of the codec', () => {
  fc.assert(
    fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 100 })), (bytes) => {
      try {
        readCertificate(bytes);
      } catch (error) {
        if (!isEnclosError(error) || !error.code.startsWith('CODEC_')) throw error;
      }
    }),
    { numRuns: 600 },
  );
});

test('JSON with more values than evidence has is not parsed', (context) => {
  const parse = context.mock.method(JSON, 'parse');
  assert.equal(recognise(utf8(`[${'{},'.repeat(300_000)}{}]`)).form, 'unknown');
  assert.equal(parse.mock.callCount(), 0);
});

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
