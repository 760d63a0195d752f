import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes, toBase64url, utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { azureSnpScenario, azureTdxScenario, type AzureDocumentJson } from '@enclos/evidence-kit';
import { vectors } from '@enclos/testkit';
import fc from 'fast-check';
import { azureStepResults, azureVerificationSteps, isAzureDocument, parseAzureDocument } from '../../src/index.ts';

const snp = azureSnpScenario({ snp: { rsaBits: 2048 } });
const tdx = azureTdxScenario();
// The kit wrote it.
const parsed = (document: Uint8Array): AzureDocumentJson =>
  JSON.parse(new TextDecoder().decode(document)) as AzureDocumentJson;
const good = parsed(snp.document);
const goodTdx = parsed(tdx.document);
const written = (value: unknown): Uint8Array => utf8(JSON.stringify(value));

function refused(document: Uint8Array, words: RegExp, step = 'vtpm-document'): void {
  assert.throws(
    () => parseAzureDocument(document),
    (error) => {
      assert.ok(isEnclosError(error, 'EVIDENCE_REFUSED'), String(error));
      const status = step === 'vtpm-document' ? 'VTPM_DOCUMENT_UNSUPPORTED_FORMAT' : 'VTPM_HCL_UNSUPPORTED_FORMAT';
      assert.deepEqual({ ...error.details }, { step, status });
      assert.match(error.message, words);
      return true;
    },
  );
}

test('a document of SEV-SNP has its parts, and the report and the certificate for whoever looks for endorsements', () => {
  const document = parseAzureDocument(snp.document);
  assert.ok(document.hardware === 'sev-snp' && Object.isFrozen(document));
  assert.deepEqual(document.hclReport, snp.hclReport);
  assert.deepEqual({ ...document.tpmQuote }, { ...snp.tpmQuote });
  assert.deepEqual(document.report, snp.snp.report);
  assert.deepEqual(document.signingKeyCertificate, snp.snp.leaf);
  const { vcek: _, ...bare } = good;
  const without = parseAzureDocument(written(bare));
  assert.ok(without.hardware === 'sev-snp' && without.signingKeyCertificate === undefined);
});

test('a document of TDX has its TD quote, with what lies behind it', () => {
  const document = parseAzureDocument(tdx.document);
  assert.ok(document.hardware === 'tdx');
  assert.deepEqual(document.tdQuote.subarray(0, tdx.tdx.quote.length), tdx.tdx.quote);
  assert.equal(document.tdQuote.length, tdx.tdx.quote.length + 69);
});

test('base64url is read with the padding that it needs, or without', () => {
  const bare = (text: string): string => text.replace(/=+$/, '');
  assert.match(good.hcl_report, /=$/);
  const document = parseAzureDocument(written({ ...good, hcl_report: bare(good.hcl_report) }));
  assert.deepEqual(document.hclReport, snp.hclReport);
  for (const hcl_report of [`${bare(good.hcl_report)}===`, `${good.hcl_report}====`, `=${good.hcl_report}`]) {
    refused(written({ ...good, hcl_report }), /base64url|not a string up to/);
  }
});

const { tpm_quote: quote } = good;
const withQuote = (change: object): Uint8Array => written({ ...good, tpm_quote: { ...quote, ...change } });
const tooLong = (maximumBytes: number): string => toBase64url(new Uint8Array(maximumBytes + 3));

const wrong: readonly (readonly [what: string, document: Uint8Array, words: RegExp])[] = [
  ['nothing', new Uint8Array(), /Not strict JSON/],
  ['no UTF-8', Uint8Array.of(0x7b, 0xff, 0x7d), /not UTF-8/],
  ['no JSON', utf8('{'), /Not strict JSON/],
  ['no object', utf8('[]'), /not a JSON object/],
  ['a byte order mark', concatBytes(Uint8Array.of(0xef, 0xbb, 0xbf), snp.document), /Not strict JSON/],
  ['text behind it', concatBytes(snp.document, utf8(' x')), /follows/],
  ['a part that is cut off', snp.document.subarray(0, -1), /Not strict JSON/],
  ['a name twice', utf8(JSON.stringify(good).replace('"vcek"', '"version":1,"vcek"')), /duplicate/],
  ['too long a text', utf8(JSON.stringify(good).padEnd(131_073)), /131072 characters/],
  ['more bytes than characters can have', new Uint8Array(3 * 131_072 + 1), /131072 characters/],
  ['no version', written({ ...good, version: undefined }), /not of version 1/],
  ['version 2', written({ ...good, version: 2 }), /not of version 1/],
  ['a version that is a text', written({ ...good, version: '1' }), /not of version 1/],
  ['an unknown member', written({ ...good, event_log: '' }), /not known/],
  ['an unknown member of the quote', withQuote({ certificate: '' }), /not known/],
  ['no quote', written({ ...good, tpm_quote: undefined }), /tpm_quote is not an object/],
  ['a quote that is a list', written({ ...good, tpm_quote: [] }), /tpm_quote is not an object/],
  ['no message', withQuote({ message: undefined }), /message is missing/],
  ['a message in base64', withQuote({ message: 'zz' }), /hexadecimal/],
  ['a message of numbers', withQuote({ message: [1, 2] }), /message is not a string/],
  ['too long a message', withQuote({ message: '00'.repeat(1025) }), /message is not a string up to/],
  ['no signature', withQuote({ signature: undefined }), /signature is missing/],
  ['too long a signature', withQuote({ signature: '00'.repeat(513) }), /signature is not a string up to/],
  ['no PCRs', withQuote({ pcrs: undefined }), /1 to 24 PCRs/],
  ['an empty list of PCRs', withQuote({ pcrs: [] }), /1 to 24 PCRs/],
  ['a PCR of 31 bytes', withQuote({ pcrs: ['00'.repeat(31)] }), /1 to 24 PCRs/],
  [
    'a PCR of 31 bytes beside good ones',
    withQuote({ pcrs: [...quote.pcrs.slice(1), '00'.repeat(31)] }),
    /1 to 24 PCRs/,
  ],
  ['a PCR of 33 bytes', withQuote({ pcrs: ['00'.repeat(33)] }), /short strings/],
  ['a PCR in words', withQuote({ pcrs: ['zz'.repeat(32)] }), /hexadecimal/],
  ['25 PCRs', withQuote({ pcrs: Array.from({ length: 25 }, () => '00'.repeat(32)) }), /0 to 24 items/],
  ['no HCL report', written({ ...good, hcl_report: undefined }), /^evidence\.hcl_report is missing/],
  ['an HCL report of numbers', written({ ...good, hcl_report: [72, 67] }), /hcl_report is not a string/],
  ['too long an HCL report', written({ ...good, hcl_report: tooLong(16_384) }), /hcl_report is not a string up to/],
  ['too long a certificate', written({ ...good, vcek: tooLong(8192) }), /vcek is not a string up to/],
  ['too long a TD quote', written({ ...goodTdx, td_quote: tooLong(65_536) }), /td_quote is not a string up to/],
  ['a TD quote beside SEV-SNP', written({ ...good, td_quote: goodTdx.td_quote }), /SEV-SNP and has a TD quote/],
  ['no TD quote beside TDX', written({ ...goodTdx, td_quote: undefined }), /TDX and has no TD quote/],
  ['a certificate beside TDX', written({ ...goodTdx, vcek: good.vcek }), /TDX and has a certificate/],
];

for (const [what, document, words] of wrong) {
  test(`${what} is refused`, () => refused(document, words));
}

/** A document with a part of this size; zeros behind an HCL report and a TD quote are no part of them. */
const sized: readonly (readonly [part: string, maximum: number, make: (sizeBytes: number) => Uint8Array])[] = [
  ['HCL report', 16_384, (size) => written({ ...good, hcl_report: toBase64url(grown(snp.hclReport, size)) })],
  ['certificate', 8192, (size) => written({ ...good, vcek: toBase64url(new Uint8Array(size)) })],
  ['TD quote', 65_536, (size) => written({ ...goodTdx, td_quote: toBase64url(grown(tdx.tdx.quote, size)) })],
  ['message', 1024, (size) => withQuote({ message: '00'.repeat(size) })],
  ['signature', 512, (size) => withQuote({ signature: '00'.repeat(size) })],
];

function grown(bytes: Uint8Array, sizeBytes: number): Uint8Array {
  return concatBytes(bytes, new Uint8Array(sizeBytes - bytes.length));
}

for (const [part, maximum, make] of sized) {
  test(`a ${part} of ${maximum} bytes is read, and one byte more is refused`, () => {
    assert.doesNotThrow(() => parseAzureDocument(make(maximum)));
    refused(make(maximum + 1), /not a string up to|More than/);
  });
}

test('padding stands at the end or nowhere', () => {
  const whole = toBase64url(grown(snp.hclReport, 2700));
  refused(written({ ...good, hcl_report: `${whole.slice(0, 8)}==${whole.slice(8)}AA` }), /base64url/);
  const wanting = toBase64url(grown(snp.hclReport, 2701));
  assert.doesNotThrow(() => parseAzureDocument(written({ ...good, hcl_report: `${wanting}==` })));
  refused(written({ ...good, hcl_report: `${wanting}=` }), /base64url/);
});

const hclCases: readonly (readonly [what: string, bytes: Uint8Array])[] = [
  ['another magic', concatBytes(utf8('HCLB'), snp.hclReport.subarray(4))],
  ['version 3', concatBytes(snp.hclReport.subarray(0, 4), Uint8Array.of(3), snp.hclReport.subarray(5))],
  ['less than its header says', snp.hclReport.subarray(0, 1300)],
  ['nothing', new Uint8Array()],
];

for (const [what, bytes] of hclCases) {
  test(`an HCL report of ${what} is refused at its own step`, () => {
    refused(written({ ...good, hcl_report: toBase64url(bytes) }), /HCL report|bytes/, 'vtpm-hcl-report');
  });
}

test('what means to be such a document is told from other JSON', () => {
  for (const value of [good, goodTdx, { tpm_quote: 0, hcl_report: 0 }]) assert.ok(isAzureDocument(value));
  for (const value of [undefined, null, 'tpm_quote', { tpm_quote: quote }, { hcl_report: '' }, []]) {
    assert.ok(!isAzureDocument(value));
  }
});

test('the steps are those of the document, of the HCL report, of the hardware and of the vTPM', () => {
  const ids = (hardware?: 'sev-snp' | 'tdx'): readonly string[] => azureStepResults(hardware).map(({ id }) => id);
  const own = azureVerificationSteps.map(({ id }) => id);
  assert.deepEqual(ids(), ['vtpm-document', ...own]);
  for (const [hardware, first, count] of [
    ['sev-snp', 'snp-report-format', 12],
    ['tdx', 'quote-format', 22],
  ] as const) {
    const all = ids(hardware);
    assert.deepEqual(all.slice(0, 3), ['vtpm-document', 'vtpm-hcl-report', first]);
    assert.deepEqual(all.slice(-6), own.slice(1));
    assert.equal(all.length, 2 + count + 6);
    assert.ok(azureStepResults(hardware).every(({ status }) => status === 'passed'));
  }
  assert.throws(
    () => azureStepResults('tdx', new Error('none of these')),
    (error) => isEnclosError(error, 'VERIFIER_MISUSED'),
  );
});

vectors.test('documents of real machines are read: version 1, and no other', () => {
  const read = (path: string): unknown =>
    JSON.parse(new TextDecoder().decode(vectors.read(`azure-vtpm/${path}`))) as unknown;
  // What the manifest says of the vectors.
  const inner = (path: string): unknown => (read(path) as { readonly evidence: unknown }).evidence;
  for (const [value, hardware] of [
    [inner('attestation-rs/az_snp/evidence-v1.json'), 'sev-snp'],
    [inner('attestation-rs/az_tdx/evidence-v1.json'), 'tdx'],
    [read('trustee/az-tdx-vtpm/evidence-v1.json'), 'tdx'],
  ] as const) {
    const document = parseAzureDocument(written(value));
    assert.equal(document.hardware, hardware);
    assert.equal(document.tpmQuote.pcrs.length, 24);
  }
  const old = read('trustee/az-tdx-vtpm/evidence-v0.json');
  assert.ok(isAzureDocument(old));
  refused(written(old), /not of version 1/);
});

test('whatever the bytes are, a document comes out or a refusal', () => {
  const parses = (bytes: Uint8Array): void => {
    try {
      assert.ok(['sev-snp', 'tdx'].includes(parseAzureDocument(bytes).hardware));
    } catch (error) {
      assert.ok(isEnclosError(error, 'EVIDENCE_REFUSED'), String(error));
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), parses));
  fc.assert(fc.property(fc.json().map(utf8), parses));
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom<unknown>(1, good.tpm_quote, good.hcl_report, goodTdx.hcl_report, good.vcek, goodTdx.td_quote),
  );
  const names = ['version', 'tpm_quote', 'hcl_report', 'vcek', 'td_quote', 'other'];
  const change = fc.dictionary(fc.constantFrom(...names), value, { noNullPrototype: true });
  fc.assert(
    fc.property(change, fc.constantFrom(good, goodTdx), (changes, base) => parses(written({ ...base, ...changes }))),
  );
  const at = fc.tuple(fc.nat(snp.document.length - 1), fc.nat(255));
  fc.assert(
    fc.property(at, ([index, byte]) => parses(snp.document.map((old, i) => (i === index ? byte : old)))),
    { numRuns: 300 },
  );
});
