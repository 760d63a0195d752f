import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex, utf8 } from '@enclos/codec';
import { azureSnpScenario, azureTdxScenario, encodeTpmAttest, examplePcrs } from '@enclos/evidence-kit';
import { vectors } from '@enclos/testkit';
import fc from 'fast-check';
import { explainAzureDocument, explainHclReport, type ExplainedField } from '../../src/explain/index.ts';
import { explainTpmAttest } from '../../src/explain/tpm-quote.ts';

const snp = azureSnpScenario({ snp: { rsaBits: 2048 } });
const tdx = azureTdxScenario();

function all(fields: readonly ExplainedField[]): readonly ExplainedField[] {
  return fields.flatMap((field) => [field, ...all(field.fields ?? [])]);
}

function find(fields: readonly ExplainedField[], name: string): ExplainedField {
  const found = all(fields).find((field) => field.name === name);
  assert.ok(found !== undefined, name);
  return found;
}

function problems(fields: readonly ExplainedField[]): readonly string[] {
  return all(fields).flatMap(({ name, problem }) => (problem === undefined ? [] : [`${name}: ${problem}`]));
}

test('a document of SEV-SNP is explained to its end', () => {
  const fields = explainAzureDocument(snp.document);
  assert.deepEqual(problems(fields), []);
  assert.deepEqual(
    fields.map(({ name }) => name),
    ['version', 'HCL report', 'TPM quote', 'PCR values', 'VCEK certificate'],
  );
  assert.equal(find(fields, 'MEASUREMENT').value, 'ee'.repeat(48));
  assert.equal(find(fields, 'MEASUREMENT').offset, 0x20 + 0x90);
  assert.equal(find(fields, 'hardware').meaning, 'SEV-SNP');
  assert.equal(find(fields, 'HCL report').sizeBytes, snp.hclReport.length - 100);
  assert.match(find(fields, 'HCLAkPub').meaning ?? '', /attestation key.*RSA modulus$/);
  assert.match(find(fields, 'HCLEkPub').meaning ?? '', /^A key of the vTPM/);
  assert.equal(find(fields, 'secure-boot').value, 'true');
  assert.equal(find(fields, 'user-data').value, '0f'.repeat(64));
  assert.equal(find(fields, 'magic').meaning, 'made by a TPM');
  assert.equal(find(fields, 'type').meaning, 'a quote');
  assert.equal(find(fields, 'qualifying data').value, toHex(snp.nonce));
  assert.equal(find(fields, 'reset count').value, '3');
  assert.equal(find(fields, 'bank').meaning, 'SHA-256');
  assert.equal(find(fields, 'selected').meaning, `PCR ${examplePcrs.map((_, number) => number).join(', ')}`);
  assert.equal(find(fields, 'PCR 7').value, '08'.repeat(32));
});

test('one of TDX has its TDREPORT and its TD quote', () => {
  const fields = explainAzureDocument(tdx.document);
  assert.deepEqual(problems(fields), []);
  const { offset, value } = find(find(fields, 'TDREPORT').fields ?? [], 'REPORTDATA');
  assert.equal(offset, 0x20 + 128);
  assert.equal(value, find(find(fields, 'TD quote').fields ?? [], 'REPORTDATA').value);
  assert.equal(find(fields, 'reserved').meaning, 'zero');
  assert.equal(find(fields, 'Trailing bytes').sizeBytes, 69);
});

test('the form without a version is explained too, although it is not verified', () => {
  const list = (bytes: Uint8Array): readonly number[] => [...bytes];
  const { message, signature, pcrs } = tdx.tpmQuote;
  const tpm_quote = { message: list(message), signature: list(signature), pcrs: pcrs.map(list) };
  const old = { tpm_quote, hcl_report: list(tdx.hclReport), td_quote: list(tdx.tdx.quote) };
  const fields = explainAzureDocument(utf8(JSON.stringify(old)));
  assert.deepEqual(problems(fields), []);
  assert.equal(find(fields, 'version').value, 'none');
  assert.equal(find(fields, 'PCR 7').value, '08'.repeat(32));
  assert.equal(find(fields, 'secure-boot').value, 'true');
});

test('what is wrong is shown where it is', () => {
  const said = (change: object): string =>
    problems(
      explainAzureDocument(utf8(JSON.stringify({ ...JSON.parse(Buffer.from(snp.document).toString()), ...change }))),
    ).join();
  assert.match(said({ hcl_report: [256] }), /^HCL report: it is not there as text$/);
  assert.match(said({ hcl_report: '+' }), /^HCL report: Not a base64url string/);
  assert.match(said({ tpm_quote: undefined }), /TPMS_ATTEST: .*signature: /);
  assert.match(said({ tpm_quote: { message: 'ff' } }), /magic: 4 bytes wanted, 1 are left/);
  assert.match(
    said({ tpm_quote: { message: '', signature: '', pcrs: Array.from({ length: 25 }, () => '') } }),
    /PCR values: 25 values/,
  );
  assert.match(problems(explainAzureDocument(utf8('[]'))).join(), /not a JSON object/);
  assert.match(problems(explainAzureDocument(utf8('{'))).join(), /Not strict JSON/);
});

test('an HCL report is explained as far as it goes, whatever is in it', () => {
  for (const [bytes, problem] of [
    [snp.hclReport.subarray(0, 20), /reserved: 12 bytes wanted/],
    [snp.hclReport.subarray(0, 0x30), /FAMILY_ID|POLICY|GUEST_SVN/],
    [snp.hclReport.subarray(0, 1300), /Runtime data: \d+ bytes wanted, 64 are left/],
    [azureSnpScenario({ snp: { rsaBits: 2048 }, runtimeText: () => '{' }).hclReport, /Runtime data: Not strict JSON/],
  ] as const) {
    assert.match(problems(explainHclReport(bytes)).join(), problem);
  }
  const strange = azureSnpScenario({ snp: { rsaBits: 2048 }, hcl: { hashType: 2, magic: 'ABCD' } }).hclReport;
  assert.equal(find(explainHclReport(strange), 'signature').meaning, 'not an HCL report');
  assert.equal(find(explainHclReport(strange), 'hash type').meaning, 'not known');
  const odd = azureSnpScenario({
    snp: { rsaBits: 2048 },
    runtime: () => ({ keys: [7], 'vm-configuration': 0, more: {} }),
  });
  const fields = explainHclReport(odd.hclReport);
  assert.deepEqual(
    ['a key', 'vm-configuration', 'more'].map((name) => find(fields, name).value),
    ['7', '0', '{}'],
  );
});

test('a quote that selects some PCRs, or is none', () => {
  const some = explainTpmAttest(encodeTpmAttest({ select: [1, 0, 0x80] }));
  assert.equal(find([some], 'selected').meaning, 'PCR 0, 23');
  const none = explainTpmAttest(encodeTpmAttest({ select: [0, 0, 0], hash: 4, safe: 0, magic: 1, type: 2 }));
  assert.equal(find([none], 'selected').meaning, 'no PCR');
  assert.deepEqual(
    ['bank', 'safe', 'magic', 'type'].map((name) => find([none], name).meaning),
    ['SHA-1', 'the clock may have gone back', 'not made by a TPM', 'not a quote'],
  );
  const behind = explainTpmAttest(encodeTpmAttest({ trailing: new Uint8Array(3) }));
  assert.match(problems([behind]).join(), /Trailing bytes: a quote ends before them/);
});

test('any bytes are explained, and no field lies outside of them', () => {
  const within = (fields: readonly ExplainedField[], size: number): void => {
    for (const { offset, sizeBytes } of all(fields)) assert.ok(offset >= 0 && offset + sizeBytes <= size);
  };
  const mutated = (good: Uint8Array): fc.Arbitrary<Uint8Array> =>
    fc
      .tuple(fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 4 }), fc.nat(good.length))
      .map(([changes, cut]) => {
        const bytes = good.slice(0, cut % 2 === 0 ? good.length : cut);
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        return bytes;
      });
  const attest = encodeTpmAttest();
  for (const [good, explain] of [
    [snp.hclReport, explainHclReport],
    [tdx.hclReport, explainHclReport],
    [attest, (bytes: Uint8Array) => [explainTpmAttest(bytes)]],
  ] as const) {
    fc.assert(fc.property(mutated(good), (bytes) => within(explain(bytes), bytes.length)));
  }
  fc.assert(
    fc.property(
      fc.oneof(mutated(snp.document), fc.json().map(utf8)),
      (bytes) => explainAzureDocument(bytes).length > 0,
    ),
  );
});

vectors.test('evidence of real machines is explained to its end', () => {
  const text = new TextDecoder().decode(vectors.read('azure-vtpm/trustee/az-tdx-vtpm/evidence-v1.json'));
  const fields = explainAzureDocument(utf8(text));
  assert.deepEqual(problems(fields), []);
  assert.equal(find(fields, 'vmUniqueId').value, '6332533D-5649-4D02-8AA7-8F64B7C3EE21');
  assert.deepEqual(problems(explainHclReport(vectors.read('azure-vtpm/attestation-rs/az_snp/hcl-report.bin'))), []);
});
