import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes } from '@enclos/codec';
import { certificateTable, snpReportJson, snpScenario } from '@enclos/evidence-kit';
import fc from 'fast-check';
import { splitSnpReport } from '../src/recognise/extended-report.ts';
import { snpReportOfJson } from '../src/recognise/snp-report-json.ts';

const reports = [
  snpScenario({ version: 2, rsaBits: 2048 }),
  snpScenario({ version: 3, rsaBits: 2048 }),
  snpScenario({ product: 'Turin', version: 3, rsaBits: 2048 }),
  snpScenario({ product: 'Turin', version: 5, rsaBits: 2048 }),
].map(({ report }) => report);

test('a report of SEV-SNP that is spelt field by field comes out byte for byte', () => {
  for (const report of reports) assert.deepEqual(snpReportOfJson(snpReportJson(report)), report);
});

test('an extended report is a report and the certificates of its table; what is not a table has none', () => {
  const [report = new Uint8Array()] = reports;
  const entry = { guid: '63da758d-e664-4564-adc5-f4b93be8accd', content: Uint8Array.of(1, 2) };
  const table = certificateTable([entry]);
  assert.deepEqual(splitSnpReport(concatBytes(report, table)), { report, certificates: [{ kind: 'vcek', ...entry }] });
  for (const rest of [new Uint8Array(), Uint8Array.of(7), table.subarray(0, 40), certificateTable([entry, entry])]) {
    assert.deepEqual(splitSnpReport(concatBytes(report, rest)), { report, certificates: [] });
  }
});

test('a report that lacks a field, or has one of another kind, is not one', () => {
  const [, report = new Uint8Array()] = reports;
  const good = snpReportJson(report);
  const optional = ['cpuid_fam_id', 'cpuid_mod_id', 'cpuid_step'];
  for (const name of Object.keys(good)) {
    const { [name]: _, ...rest } = good;
    assert.equal(snpReportOfJson(rest) === undefined, !optional.includes(name), name);
    for (const value of ['x', -1, 0.5, 2 ** 70, [1, 2], {}, true]) {
      assert.equal(snpReportOfJson({ ...good, [name]: value }), undefined, `${name}: ${JSON.stringify(value)}`);
    }
  }
  const wrong: readonly (readonly [name: string, value: unknown])[] = [
    ['guest_svn', 2 ** 32],
    ['policy', Number.MAX_SAFE_INTEGER + 1],
    ['cpuid_step', 256],
    ['report_data', Array.from({ length: 63 }, () => 0)],
    ['report_data', Array.from({ length: 65 }, () => 0)],
    ['report_data', Array.from({ length: 64 }, () => 256)],
    ['current_tcb', { bootloader: 1, tee: 1, snp: 256, microcode: 1 }],
    ['current_tcb', { bootloader: 1, tee: 1, snp: 1 }],
    ['signature', { r: good['report_data'], s: good['report_data'] }],
  ];
  for (const [name, value] of wrong) assert.equal(snpReportOfJson({ ...good, [name]: value }), undefined, name);
  for (const value of [undefined, null, 'report', 7, [], [good], {}, { signature: {} }]) {
    assert.equal(snpReportOfJson(value), undefined);
  }
});

test('whatever the JSON is, 1184 bytes come out or nothing', () => {
  const [report = new Uint8Array()] = reports;
  const good = snpReportJson(report);
  const change = fc.dictionary(fc.constantFrom(...Object.keys(good), 'other'), fc.jsonValue({ maxDepth: 2 }));
  fc.assert(
    fc.property(change, (changes) => {
      assert.ok([undefined, 1184].includes(snpReportOfJson({ ...good, ...changes })?.length));
    }),
  );
  fc.assert(fc.property(fc.jsonValue(), (value) => assert.equal(snpReportOfJson(value), undefined)));
});
