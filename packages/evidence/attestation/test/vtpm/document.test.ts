import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes, toBase64url, utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { azureSnpScenario, azureTdxScenario, oldAzureDocument, type AzureDocumentJson } from '@enclos/evidence-kit';
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
  ['a name twice', utf8(JSON.stringify(good).replace('"vcek"', '"version":1,"vcek"')), /repeated/],
  ['too long a text', utf8(JSON.stringify(good).padEnd(131_073)), /131072 characters/],
  ['more bytes than characters can have', new Uint8Array(3 * 131_072 + 1), /131072 characters/],
  ['no version, with texts for bytes', written({ ...good, version: undefined }), /not known/],
  ['version 0', written({ ...good, version: 0 }), /not of version 1 or 2, nor without/],
  ['version 3', written({ ...good, version: 3 }), /not of version 1 or 2, nor without/],
  ['a version that is a text', written({ ...good, version: '1' }), /not of version 1 or 2, nor without/],
  ['a version that is null', written({ ...good, version: null }), /not of version 1 or 2, nor without/],
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
  ['a PCR of 33 bytes', withQuote({ pcrs: ['00'.repeat(33)] }), /is not an array of up to 24 times a string/],
  ['a PCR in words', withQuote({ pcrs: ['zz'.repeat(32)] }), /hexadecimal/],
  [
    '25 PCRs',
    withQuote({ pcrs: Array.from({ length: 25 }, () => '00'.repeat(32)) }),
    /is not an array of up to 24 times/,
  ],
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

test('version 2 has the form of version 1', () => {
  assert.deepEqual(parseAzureDocument(written({ ...good, version: 2 })), parseAzureDocument(snp.document));
});

const oldSnp = parsedOld(oldAzureDocument(snp, { vcek: snp.snp.leaf }));
const tdQuote = parseAzureDocument(tdx.document);
const oldTdx = parsedOld(oldAzureDocument(tdx, { tdQuote: 'tdQuote' in tdQuote ? tdQuote.tdQuote : new Uint8Array() }));

function parsedOld(document: Uint8Array): Readonly<Record<string, unknown>> {
  // The kit wrote it.
  return JSON.parse(new TextDecoder().decode(document)) as Readonly<Record<string, unknown>>;
}

test('a document without a version has bytes as lists, and the certificate in PEM', () => {
  for (const [old, later] of [
    [oldSnp, snp.document],
    [oldTdx, tdx.document],
  ] as const) {
    assert.ok(isAzureDocument(old));
    assert.deepEqual(parseAzureDocument(written(old)), parseAzureDocument(later));
    assert.deepEqual(parseAzureDocument(utf8(JSON.stringify(old, undefined, 2))), parseAzureDocument(later));
  }
});

const oldQuote = (change: object): Uint8Array =>
  written({ ...oldSnp, quote: { ...(oldSnp['quote'] as object), ...change } });
const list = (length: number): readonly number[] => Array.from({ length }, () => 1);

const wrongOld: readonly (readonly [what: string, document: Uint8Array, words: RegExp])[] = [
  ['a member of later versions', written({ ...oldSnp, tpm_quote: oldSnp['quote'] }), /not known/],
  ['an unknown member', written({ ...oldTdx, event_log: [1] }), /not known/],
  ['an unknown member of the quote', oldQuote({ certificate: [1] }), /not known/],
  ['a certificate beside TDX', written({ ...oldTdx, vcek: oldSnp['vcek'] }), /not known/],
  ['no quote', written({ ...oldSnp, quote: null }), /not an object/],
  ['a report in base64', written({ ...oldSnp, report: good.hcl_report }), /report is not a list of bytes/],
  ['an empty report', written({ ...oldSnp, report: [] }), /report is not a list of bytes/],
  ['too long a report', written({ ...oldSnp, report: list(16_385) }), /report is not a list of bytes/],
  ['a byte of 256', oldQuote({ message: [256] }), /message is not a list of bytes/],
  ['a byte below zero', oldQuote({ message: [-1] }), /message is not a list of bytes/],
  ['half a byte', oldQuote({ message: [0.5] }), /message is not a list of bytes/],
  ['too long a message', oldQuote({ message: list(1025) }), /message is not a list of bytes/],
  ['too long a signature', oldQuote({ signature: list(513) }), /signature is not a list of bytes/],
  ['no PCRs', oldQuote({ pcrs: undefined }), /1 to 24 PCRs/],
  ['25 PCRs', oldQuote({ pcrs: Array.from({ length: 25 }, () => list(32)) }), /1 to 24 PCRs/],
  ['a PCR of 31 bytes', oldQuote({ pcrs: [list(31)] }), /1 to 24 PCRs/],
  ['a PCR of 33 bytes', oldQuote({ pcrs: [list(33)] }), /pcrs is not a list of bytes/],
  ['a certificate that is not PEM', written({ ...oldSnp, vcek: good.vcek }), /PEM/],
  [
    'two certificates',
    written({ ...oldSnp, vcek: `${String(oldSnp['vcek'])}${String(oldSnp['vcek'])}` }),
    /one certificate/,
  ],
  ['a certificate that is a list', written({ ...oldSnp, vcek: [1] }), /one certificate/],
  ['no TD quote beside TDX', written({ ...oldTdx, td_quote: undefined }), /TDX and has no TD quote/],
  ['too long a TD quote', written({ ...oldTdx, td_quote: list(65_537) }), /td_quote is not a list of bytes|131072/],
];

for (const [what, document, words] of wrongOld) {
  test(`without a version: ${what} is refused`, () => refused(document, words));
}

test('what means to be such a document is told from other JSON', () => {
  for (const value of [good, goodTdx, { tpm_quote: 0, hcl_report: 0 }]) assert.ok(isAzureDocument(value));
  const others = [{ tpm_quote: quote }, { hcl_report: '' }, { quote: 'AA', report: 'AA' }];
  for (const value of [undefined, null, 'tpm_quote', [], ...others]) {
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

vectors.test('documents of real machines are read', () => {
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
  const [old, later] = ['v0', 'v1'].map((name) => read(`trustee/az-tdx-vtpm/evidence-${name}.json`));
  assert.ok(isAzureDocument(old));
  assert.deepEqual(parseAzureDocument(written(old)), parseAzureDocument(written(later)));
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
    fc.constantFrom<unknown>(
      1,
      2,
      undefined,
      good.tpm_quote,
      oldSnp['quote'],
      oldSnp['report'],
      good.hcl_report,
      goodTdx.hcl_report,
      good.vcek,
      goodTdx.td_quote,
    ),
  );
  const names = ['version', 'tpm_quote', 'hcl_report', 'vcek', 'td_quote', 'quote', 'report', 'other'];
  const change = fc.dictionary(fc.constantFrom(...names), value, { noNullPrototype: true });
  fc.assert(
    fc.property(change, fc.constantFrom<object>(good, goodTdx, oldSnp, oldTdx), (changes, base) =>
      parses(written({ ...base, ...changes })),
    ),
  );
  const at = fc.tuple(fc.nat(snp.document.length - 1), fc.nat(255));
  fc.assert(
    fc.property(at, ([index, byte]) => parses(snp.document.map((old, i) => (i === index ? byte : old)))),
    { numRuns: 300 },
  );
});
