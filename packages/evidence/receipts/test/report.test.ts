import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { toHex, utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { inferenceReportData, readInferenceReport, writeInferenceReport, type InferenceReport } from '../src/index.ts';

const invalid = (error: unknown): boolean => isEnclosError(error, 'RECEIPT_REPORT_INVALID');
const report: InferenceReport = {
  keySet: utf8('the keys'),
  models: [{ name: 'digits', version: '1', digest: 'ab'.repeat(32), sizeBytes: 26_454 }],
  evidence: { kind: 'sgx-quote', value: utf8('a quote') },
};
const members = (): Record<string, unknown> => JSON.parse(writeInferenceReport(report)) as Record<string, unknown>;

test('a report that is written reads back, with and without what may be absent', () => {
  assert.deepEqual(readInferenceReport(writeInferenceReport(report)), report);
  const whole = { ...report, catalogueVersion: 3, endorsements: '{}', nonce: new Uint8Array(32).fill(7) };
  assert.deepEqual(readInferenceReport(writeInferenceReport(whole)), whole);
});

test('the report data bind the key set and the nonce, each under the domain of reports', async () => {
  const digest = new Uint8Array(32).fill(1);
  const nonce = new Uint8Array(32).fill(2);
  const hashed = createHash('sha256').update('enclos inference report 1\0').update(digest).update(nonce).digest('hex');
  assert.equal(toHex(await inferenceReportData(digest, nonce)), hashed + '00'.repeat(32));
  assert.deepEqual(await inferenceReportData(digest), await inferenceReportData(digest, new Uint8Array(32)));
  await assert.rejects(inferenceReportData(digest.subarray(1)), invalid);
  await assert.rejects(inferenceReportData(digest, nonce.subarray(1)), invalid);
});

test('other formats, missing, unknown and malformed members are refused', () => {
  const changes = [
    { format: 'enclos-inference-report-2' },
    { format: undefined },
    { keySet: undefined },
    { keySet: 'a+b' },
    { keySet: 7 },
    { models: [{ name: 'digits', version: '1', digest: 'ab', sizeBytes: 1 }] },
    { models: [{ name: 'digits', version: '1', digest: 'ab'.repeat(32) }] },
    { models: [{ name: 'digits', version: '1', digest: 'ab'.repeat(32), sizeBytes: -1 }] },
    { models: [{ name: 'digits', version: '1', digest: 'ab'.repeat(32), sizeBytes: 1, more: 1 }] },
    { catalogueVersion: '3' },
    { evidence: undefined },
    { evidence: { kind: 'sgx-quote' } },
    { evidence: { kind: 'sgx-quote', value: 'AA', more: 1 } },
    { nonce: 'ab' },
    { endorsements: {} },
    { more: 1 },
  ];
  for (const change of changes) {
    assert.throws(
      () => readInferenceReport(JSON.stringify({ ...members(), ...change })),
      invalid,
      JSON.stringify(change),
    );
  }
  for (const text of ['', '[]', '{}', '{"format":"a","format":"a"}']) {
    assert.throws(() => readInferenceReport(text), invalid);
  }
});
