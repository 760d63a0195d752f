import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exampleSnpReport, snpScenario } from '@enclos/evidence-kit';
import fc from 'fast-check';
import { vectors } from '@enclos/testkit';
import { explainSnpReport, type ExplainedField } from '../../src/explain/index.ts';
import { parseSnpReport } from '../../src/snp/report.ts';
import { reportOf, snpRows } from '../snp/snp-vectors.ts';

function valuesOf(bytes: Uint8Array): ReadonlyMap<string, ExplainedField> {
  const [report] = explainSnpReport(bytes);
  return new Map((report?.fields ?? []).map((field) => [field.name, field]));
}

function requireSame(bytes: Uint8Array, what: string): void {
  const values = valuesOf(bytes);
  const { fields, tcb } = parseSnpReport(bytes);
  const value = (name: string): string | undefined => values.get(name)?.value;
  assert.equal(value('VERSION'), String(fields.version), what);
  assert.equal(value('GUEST_SVN'), String(fields.guestSvn), what);
  assert.equal(value('POLICY'), String(BigInt(`0x${fields.policy.raw}`)), what);
  assert.equal(value('VMPL'), String(fields.vmpl), what);
  assert.equal(value('MEASUREMENT'), fields.measurement, what);
  assert.equal(value('HOST_DATA'), fields.hostData, what);
  assert.equal(value('ID_KEY_DIGEST'), fields.idKeyDigest, what);
  assert.equal(value('REPORT_DATA'), fields.reportData, what);
  assert.equal(value('CHIP_ID'), fields.chipId, what);
  assert.equal(value('REPORTED_TCB'), Buffer.from(tcb.reported).toString('hex'), what);
  assert.equal(value('COMMITTED_TCB'), Buffer.from(tcb.committed).toString('hex'), what);
  assert.equal(value('LAUNCH_TCB'), Buffer.from(tcb.launch).toString('hex'), what);
  assert.match(values.get('SIGNING_KEY and flags')?.meaning ?? '', new RegExp(fields.signingKey), what);
  assert.equal(values.get('POLICY')?.meaning?.includes('DEBUG') ?? false, fields.policy.debugAllowed, what);
}

for (const version of [2, 3, 5] as const) {
  test(`the fields of a report of version ${version} fill it, with the values that the verifier finds`, () => {
    const { report } = snpScenario({ version, rsaBits: 2048 });
    let end = 0;
    const [group, ...rest] = explainSnpReport(report);
    assert.deepEqual(rest, []);
    for (const { name, offset, sizeBytes } of group?.fields ?? []) {
      assert.equal(offset, end, name);
      end += sizeBytes;
    }
    assert.equal(end, 1184);
    requireSame(report, `version ${version}`);
  });
}

test('a guest that the host can read is told', () => {
  const policy = exampleSnpReport.policy | 0x8_0000n;
  const { report } = snpScenario({ rsaBits: 2048, report: { policy } });
  assert.match(valuesOf(report).get('POLICY')?.meaning ?? '', /DEBUG.*the host can read its memory/);
});

test('any bytes are explained as far as they go', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1400 }), (bytes) => {
      const [report, trailing] = explainSnpReport(bytes);
      const isShort = bytes.length < 1184;
      assert.equal(report?.fields?.at(-1)?.problem !== undefined, isShort);
      assert.equal(trailing?.problem !== undefined, bytes.length > 1184);
    }),
  );
});

vectors.test('every real report is explained with the values that the verifier finds', () => {
  const rows = snpRows().filter(({ result }) => result === 'SIG_OK');
  assert.ok(rows.length > 5);
  for (const row of rows) requireSame(reportOf(row), row.file);
});
