import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteWriter, concatBytes, utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import {
  attestedCertificate,
  attestedServerKey,
  azureSnpScenario,
  certificateTable,
  oldAzureDocument,
  openEnclaveReport,
  publicKeyInfo,
  scenario,
  snpReportJson,
  snpScenario,
  taggedClaims,
  taggedEvidence,
} from '@enclos/evidence-kit';
import fc from 'fast-check';
import { describeCertificate } from '../src/recognise/certificate.ts';
import { piecesIn, type Finding } from '../src/recognise/finding.ts';
import { recognise } from '../src/recognise.ts';
import { explain } from '../src/explain.ts';
import { sha256 } from './sha256.ts';

const quote = scenario().quote;
const claims = taggedClaims(publicKeyInfo(attestedServerKey()));
const certificate = attestedCertificate({ id: '2.23.133.5.4.9', value: taggedEvidence(quote, claims) });
const azure = azureSnpScenario({ snp: { rsaBits: 2048 } });
const snp = snpScenario({ rsaBits: 2048 });
const extended = concatBytes(
  snp.report,
  certificateTable([{ guid: '63da758d-e664-4564-adc5-f4b93be8accd', content: snp.leaf }]),
);
const samples = [
  azure.document,
  azure.hclReport,
  quote,
  scenario({ kind: 'tdx-v4' }).quote,
  snp.report,
  extended,
  utf8(JSON.stringify({ attestation_report: snpReportJson(snp.report) })),
  oldAzureDocument(azure, { vcek: azure.snp.leaf }),
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
      const { title, nodes } = explain(bytes, { sha256 });
      assert.ok(title !== '' && nodes.length > 0);
    }),
    { numRuns: 400 },
  );
});

test('the reader of certificates throws nothing but errors of the codec', () => {
  fc.assert(
    fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 100 })), (bytes) => {
      try {
        describeCertificate(bytes);
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

test('an extended report in an extended report does not multiply the cost', () => {
  let nested = snp.report;
  for (let level = 0; level < 4; level++) {
    nested = concatBytes(snp.report, overlappingTable(32, nested));
  }
  let found = 0;
  const count = (of: Finding): void => {
    found += 1;
    for (const inner of of.inner) count(inner.found);
  };
  count(recognise(nested));
  assert.equal(found, 33);
});

/** A table whose entries are all about the same bytes. */
function overlappingTable(entries: number, content: Uint8Array): Uint8Array {
  const header = new ByteWriter();
  for (let index = 1; index <= entries; index++) {
    header
      .bytes(new Uint8Array(16).fill(index))
      .u32((entries + 1) * 24)
      .u32(content.length);
  }
  return concatBytes(header.zeros(24).finish(), content);
}

test('reports of Open Enclave and of SEV-SNP that begin alike are told apart', () => {
  for (const svn of [0, 1, 2]) {
    const report = snp.report.slice();
    new DataView(report.buffer).setUint32(0, 1, true);
    new DataView(report.buffer).setUint32(4, svn, true);
    for (const bytes of [report, concatBytes(report, new Uint8Array(40)), report.subarray(0, 600)]) {
      assert.equal(recognise(bytes).form, 'snp-report', `${svn}, ${bytes.length} bytes`);
    }
  }
  // As SGX has it: a report of 432 bytes, with the number 1 where a report of SEV-SNP has its algorithm.
  const sgxReport = new Uint8Array(432);
  sgxReport[0x34 - 16] = 1;
  for (const content of [sgxReport, concatBytes(sgxReport, new Uint8Array(131_072))]) {
    assert.equal(recognise(openEnclaveReport(content, 1)).form, 'oe-report');
  }
  assert.equal(recognise(openEnclaveReport(quote)).form, 'oe-report');
  assert.equal(recognise(openEnclaveReport(quote).subarray(0, 1000)).form, 'oe-report');
});

test('JSON that is a text, or has texts, is looked into', () => {
  const base64 = Buffer.from(quote).toString('base64');
  for (const value of [
    base64,
    Buffer.from(quote).toString('base64url'),
    `0x${Buffer.from(quote).toString('hex')}`,
    { deep: [{ quote: base64 }] },
    JSON.stringify({ quote: base64 }),
    base64.replaceAll(/.{64}/g, '$&\n'),
  ]) {
    const found = piecesIn(recognise(utf8(` ${JSON.stringify(value)}\n`)));
    assert.deepEqual(
      found.map(({ evidence }) => evidence.bytes),
      [quote],
    );
  }
  assert.deepEqual(piecesIn(recognise(utf8(JSON.stringify(base64))))[0]?.path, ['JSON text', 'base64']);
  for (const text of ['"', '"abc', '"abc"', '"\\ud800"', '""']) assert.deepEqual(piecesIn(recognise(utf8(text))), []);
});

test('nesting and fan-out are bounded', () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const wide = JSON.stringify(
    Array.from({ length: 50_000 }, (_, index) => `${index}`.padStart(80, 'a')).slice(0, 10_000),
  );
  let nested = Buffer.from(quote).toString('base64');
  for (let level = 0; level < 12; level++) nested = Buffer.from(nested).toString('base64');
  const shapeOf = (found: Finding, depth = 0): { readonly count: number; readonly depth: number } => {
    const inner = found.inner.map((each) => shapeOf(each.found, depth + 1));
    return {
      count: inner.reduce((sum, { count }) => sum + count, 1),
      depth: Math.max(depth, ...inner.map(({ depth: below }) => below)),
    };
  };
  const quotes = JSON.stringify(Array.from({ length: 100 }, () => Buffer.from(quote).toString('base64')));
  for (const [text, count, depth] of [
    [deep, 1, 0],
    [wide, 1, 0],
    [nested, 1, 0],
    [quotes, 201, 2],
  ] as const) {
    assert.deepEqual(shapeOf(recognise(utf8(text))), { count, depth });
  }
});
