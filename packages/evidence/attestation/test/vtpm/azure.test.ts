import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import { concatBytes, fromHex, toBase64url, utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import fc from 'fast-check';
import {
  azureVerificationSteps,
  verifyAzureSnp,
  verifyAzureTdx,
  type AzureEvidence,
  type AzureVerdict,
  type HardwareFacts,
  type SnpVerdict,
  type Subtle,
} from '../../src/index.ts';
import { verifyAzureSnpSync, verifyAzureTdxSync } from '../../src/node.ts';
import { parseHclReport } from '../../src/vtpm/hcl-report.ts';
import { parseRuntimeData } from '../../src/vtpm/runtime-data.ts';
import { parseTpmAttestation } from '../../src/vtpm/tpm-quote.ts';
import { makeSnpPlatform, now, snpRoot, vlek } from '../snp/synthetic-platform.ts';
import { makeReport, type ReportSpec } from '../snp/synthetic-report.ts';
import {
  goodRuntime,
  jwk,
  makeAttestation,
  makeHclReport,
  makeTdReport,
  makeTpmQuote,
  nonce,
  otherKey,
  pcrValues,
  reportDataFor,
  sha256,
  type AttestSpec,
  type HclSpec,
} from './synthetic-vtpm.ts';

interface Changes {
  readonly report?: Partial<ReportSpec>;
  readonly hcl?: Partial<HclSpec>;
  readonly runtime?: string;
  /** What the report vouches for, when it is not the runtime. */
  readonly vouched?: string;
  readonly tpmQuote?: AzureEvidence['tpmQuote'];
}

const { endorsements } = makeSnpPlatform();
const options = { roots: [snpRoot], now };
const goodText = JSON.stringify(goodRuntime);

function evidenceOf({ report, hcl, runtime = goodText, vouched = runtime, tpmQuote }: Changes = {}): AzureEvidence {
  const hardware = makeReport({ reportData: reportDataFor(vouched), ...report });
  return { hclReport: makeHclReport(hardware, runtime, hcl), tpmQuote: tpmQuote ?? makeTpmQuote() };
}

function isRefusal(error: unknown, step: string, status: string): true {
  assert.ok(isEnclosError(error, 'EVIDENCE_REFUSED'), String(error));
  assert.deepEqual({ ...error.details }, { step, status });
  return true;
}

async function refused(changes: Changes | AzureEvidence, step: string, status: string): Promise<void> {
  const evidence = 'hclReport' in changes ? changes : evidenceOf(changes);
  await assert.rejects(verifyAzureSnp(evidence, endorsements, options), (error) => isRefusal(error, step, status));
  assert.throws(
    () => verifyAzureSnpSync(evidence, endorsements, options),
    (error) => isRefusal(error, step, status),
  );
}

async function verdictOf(changes: Changes = {}): Promise<AzureVerdict<SnpVerdict>> {
  const verdict = await verifyAzureSnp(evidenceOf(changes), endorsements, options);
  assert.deepEqual(verifyAzureSnpSync(evidenceOf(changes), endorsements, options).tpm, verdict.tpm);
  return verdict;
}

test('a verdict says what hardware, paravisor and vTPM say', async () => {
  const { tee, hardware, vmConfiguration, userData, tpm, attestationKey, steps } = await verdictOf();
  assert.equal(tee, 'azure-vtpm');
  assert.equal(hardware.tee, 'sev-snp');
  assert.deepEqual(vmConfiguration, {
    secureBoot: true,
    tpmEnabled: true,
    tpmPersisted: false,
    consoleEnabled: false,
    vmUniqueId: '6332533D-5649-4D02-8AA7-8F64B7C3EE21',
    rootCertificateThumbprint: 'thumb',
  });
  assert.equal(userData, '0f'.repeat(64));
  assert.match(attestationKey, /^[0-9a-f]{64}$/);
  assert.equal(steps, azureVerificationSteps);
  const { pcrs, ...facts } = tpm;
  assert.deepEqual(facts, {
    qualifyingData: Buffer.from(nonce).toString('hex'),
    resetCount: 3,
    restartCount: 2,
    clockSafe: true,
    clockMs: 3_232_345,
    firmwareVersion: '2020031200120003',
  });
  assert.deepEqual(
    pcrs,
    Object.fromEntries(pcrValues.map((value, number) => [number, Buffer.from(value).toString('hex')])),
  );
});

test('a verdict is frozen in depth', async () => {
  const check = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    assert.ok(Object.isFrozen(value) && !ArrayBuffer.isView(value));
    Object.values(value).forEach(check);
  };
  check(await verdictOf());
});

test('zeros behind the runtime data are not part of them, counted or not', async () => {
  await verdictOf({ hcl: { padding: 3 } });
  await verdictOf({ hcl: { trailing: new Uint8Array() } });
});

const hclCases: readonly (readonly [what: string, change: Partial<HclSpec>])[] = [
  ['another magic', { magic: 'HCLB' }],
  ['version 0', { version: 0 }],
  ['version 3', { version: 3 }],
  ['another request', { requestType: 1 }],
  ['a failure', { status: 1 }],
  ['a reserved byte', { reserved: 1 }],
  ['a report size that is wrong', { reportSize: 2000 }],
  ['a total size that is wrong', { totalSize: 2000 }],
  ['another version of the data', { dataVersion: 2 }],
  ['VBS', { reportType: 1 }],
  ['SHA-384', { hashType: 2 }],
  ['something behind', { trailing: Uint8Array.of(0, 1) }],
];

test('malformed HCL reports are refused', async () => {
  for (const [, hcl] of hclCases) await refused({ hcl }, 'vtpm-hcl-report', 'VTPM_HCL_UNSUPPORTED_FORMAT');
  const { hclReport, tpmQuote } = evidenceOf({ hcl: { trailing: new Uint8Array() } });
  for (const bytes of [hclReport.subarray(0, -1), hclReport.subarray(0, 100), new Uint8Array(16_385)]) {
    await refused({ hclReport: bytes, tpmQuote }, 'vtpm-hcl-report', 'VTPM_HCL_UNSUPPORTED_FORMAT');
  }
  await refused({ hcl: { reportType: 4 } }, 'vtpm-hcl-report', 'VTPM_HCL_UNSUPPORTED_FORMAT');
  await refused(tdEvidence(), 'vtpm-hcl-report', 'VTPM_HARDWARE_MISMATCH');
});

test('an HCL report of version 1 is read, and one of 16 KiB', async () => {
  await verdictOf({ hcl: { version: 1 } });
  const { hclReport, tpmQuote } = evidenceOf({ hcl: { trailing: new Uint8Array() } });
  const padded = (length: number): AzureEvidence => ({
    hclReport: concatBytes(hclReport, new Uint8Array(length - hclReport.length)),
    tpmQuote,
  });
  await verifyAzureSnp(padded(16_384), endorsements, options);
  await refused(padded(16_385), 'vtpm-hcl-report', 'VTPM_HCL_UNSUPPORTED_FORMAT');
});

test('without WebCrypto the caller is told so', async () => {
  const given = Object.getOwnPropertyDescriptor(globalThis, 'crypto') ?? {};
  Object.defineProperty(globalThis, 'crypto', { value: undefined, configurable: true });
  try {
    const misused = (error: unknown): boolean => isEnclosError(error, 'VERIFIER_MISUSED');
    await assert.rejects(verifyAzureSnp(evidenceOf(), endorsements, options), misused);
    await assert.rejects(verifyAzureTdx(tdEvidence(), { tdQuote, verifyTdQuote: () => tdVerdict }), misused);
  } finally {
    Object.defineProperty(globalThis, 'crypto', given);
  }
});

test('with WebCrypto of the caller, that alone says what a signature is', async () => {
  const severe: Subtle = {
    digest: async (...inputs) => crypto.subtle.digest(...inputs),
    importKey: (async (...inputs: Parameters<Subtle['importKey']>) =>
      crypto.subtle.importKey(...inputs)) as Subtle['importKey'],
    verify: async () => false,
  };
  const refusedAt =
    (step: string) =>
    (error: unknown): boolean =>
      isEnclosError(error, 'EVIDENCE_REFUSED') && error.details['step'] === step;
  await assert.rejects(
    verifyAzureSnp(evidenceOf(), endorsements, { ...options, subtle: severe }),
    refusedAt('snp-root-certificate'),
  );
  await assert.rejects(
    verifyAzureTdx(tdEvidence(), { tdQuote, verifyTdQuote: () => tdVerdict, subtle: severe }),
    refusedAt('vtpm-quote-signature'),
  );
});

test('the hardware’s report is verified as any', async () => {
  const foreign = makeSnpPlatform(vlek).endorsements;
  await assert.rejects(verifyAzureSnp(evidenceOf(), foreign, options), (error) =>
    isRefusal(error, 'snp-chain-shape', 'SNP_SIGNING_KEY_MISMATCH'),
  );
});

test('a report that less privileged code asked for is not the paravisor’s', async () => {
  for (const vmpl of [1, 2, 3]) await refused({ report: { vmpl } }, 'vtpm-hardware', 'VTPM_NOT_PARAVISOR');
});

test('the hardware must vouch for the runtime data, to the byte', async () => {
  const step = ['vtpm-binding', 'VTPM_RUNTIME_DATA_MISMATCH'] as const;
  await refused({ vouched: `${goodText} ` }, ...step);
  await refused({ vouched: `${goodText}\0` }, ...step);
  await refused({ report: { reportData: `${reportDataFor(goodText).slice(0, 127)}1` } }, ...step);
  await refused({ report: { reportData: `${reportDataFor(goodText).slice(0, 64)}01`.padEnd(128, '0') } }, ...step);
  const ownKey = JSON.stringify({ ...goodRuntime, keys: [jwk(otherKey)] });
  await refused({ runtime: ownKey, vouched: goodText, tpmQuote: makeTpmQuote(makeAttestation(), otherKey) }, ...step);
});

const [akJwk, ekJwk] = goodRuntime.keys;
const configuration = goodRuntime['vm-configuration'];
const runtimes: readonly (readonly [what: string, text: string])[] = [
  ['no JSON', '{'],
  ['no object', '[]'],
  ['nothing', 'null'],
  ['no keys', JSON.stringify({ ...goodRuntime, keys: undefined })],
  ['keys that are no list', JSON.stringify({ ...goodRuntime, keys: akJwk })],
  ['no attestation key', JSON.stringify({ ...goodRuntime, keys: [ekJwk] })],
  ['two attestation keys', JSON.stringify({ ...goodRuntime, keys: [akJwk, akJwk] })],
  ['a member twice', goodText.replace('"user-data"', '"keys":[],"user-data"')],
  ...(
    [
      ['EC', { kty: 'EC' }],
      ['exponent 3', { e: 'Aw' }],
      ['an encryption key', { key_ops: ['encrypt'] }],
      ['two uses', { key_ops: ['sign', 'encrypt'] }],
      ['no uses', { key_ops: undefined }],
      ['no modulus', { n: 7 }],
      ['a list of moduli', { n: [akJwk?.['n'], akJwk?.['n']] }],
      ['2040 bits', { n: toBase64url(new Uint8Array(255).fill(0xff)) }],
      ['base64 in place of base64url', { n: '+'.repeat(342) }],
      ['4096 bits', { n: toBase64url(new Uint8Array(512).fill(0xff)) }],
      ['2047 bits', { n: toBase64url(new Uint8Array(256).fill(0x7f)) }],
    ] as const
  ).map(([what, change]): readonly [string, string] => [
    what,
    JSON.stringify({ ...goodRuntime, keys: [{ ...akJwk, ...change }] }),
  ]),
  ['user data that are no hex', JSON.stringify({ ...goodRuntime, 'user-data': 'zz'.repeat(64) })],
  ['user data that are short', JSON.stringify({ ...goodRuntime, 'user-data': '00' })],
  ['user data that are a list', JSON.stringify({ ...goodRuntime, 'user-data': ['0f'.repeat(64)] })],
  ['user data that are no text', JSON.stringify({ ...goodRuntime, 'user-data': 0 })],
  ['a configuration that is none', JSON.stringify({ ...goodRuntime, 'vm-configuration': [] })],
  [
    'secure boot that is neither',
    JSON.stringify({ ...goodRuntime, 'vm-configuration': { ...configuration, 'secure-boot': 'yes' } }),
  ],
  ...['tpm-enabled', 'tpm-persisted', 'console-enabled', 'root-cert-thumbprint'].map(
    (member): readonly [string, string] => [
      `another type of ${member}`,
      JSON.stringify({ ...goodRuntime, 'vm-configuration': { ...configuration, [member]: 1 } }),
    ],
  ),
  ['a key that is no object', JSON.stringify({ ...goodRuntime, keys: ['HCLAkPub'] })],
  ['user data with a character before them', JSON.stringify({ ...goodRuntime, 'user-data': `x${'00'.repeat(64)}` })],
  ['user data with a character after them', JSON.stringify({ ...goodRuntime, 'user-data': `${'00'.repeat(64)}x` })],
  ['a byte order mark', `\ufeff${goodText}`],
  ['an id that is none', JSON.stringify({ ...goodRuntime, 'vm-configuration': { ...configuration, vmUniqueId: 7 } })],
  [
    'too long an id',
    JSON.stringify({ ...goodRuntime, 'vm-configuration': { ...configuration, vmUniqueId: 'x'.repeat(257) } }),
  ],
];

test('malformed runtime data are refused, although the hardware vouches for them', async () => {
  for (const [, runtime] of runtimes) {
    await refused({ runtime }, 'vtpm-runtime-data', 'VTPM_RUNTIME_DATA_UNSUPPORTED_FORMAT');
  }
});

test('runtime data that are not UTF-8 are refused', () => {
  const bytes = utf8(goodText.replace('thumb', 'thum?'));
  bytes[bytes.indexOf('?'.charCodeAt(0))] = 0xff;
  assert.throws(
    () => parseRuntimeData(bytes),
    (error) => isEnclosError(error, 'CODEC_INVALID') && /UTF-8/.test(error.message),
  );
});

test('runtime data within their bounds are read', async () => {
  const parse = (change: object): ReturnType<typeof parseRuntimeData> =>
    parseRuntimeData(utf8(JSON.stringify({ ...goodRuntime, ...change })));
  assert.equal(parse({ 'user-data': 'AB'.repeat(64) }).userData, 'ab'.repeat(64));
  const vmUniqueId = 'x'.repeat(256);
  assert.equal(parse({ 'vm-configuration': { vmUniqueId } }).vmConfiguration.vmUniqueId, vmUniqueId);
  const lowest = new Uint8Array(256);
  lowest[0] = 0x80;
  assert.equal(parse({ keys: [{ ...akJwk, n: toBase64url(lowest) }] }).attestationKey.length, 294);
  assert.equal(parseRuntimeData(utf8(goodText.padEnd(16_384))).userData, goodRuntime['user-data']);
  assert.throws(
    () => parseRuntimeData(utf8(goodText.padEnd(16_385))),
    (error) => isEnclosError(error, 'CODEC_OUT_OF_RANGE'),
  );
});

test('the attestation key is found among others, and encoded as certificates have keys', () => {
  const keys = [null, 'HCLAkPub', ekJwk, akJwk];
  const { attestationKey } = parseRuntimeData(utf8(JSON.stringify({ keys })));
  const engine = createPublicKey({ key: { ...akJwk }, format: 'jwk' });
  assert.deepEqual(attestationKey, new Uint8Array(engine.export({ type: 'spki', format: 'der' })));
});

test('what the paravisor does not say is absent', async () => {
  const { vmConfiguration, userData } = await verdictOf({ runtime: JSON.stringify({ keys: [akJwk] }) });
  assert.deepEqual([vmConfiguration, userData], [{}, '']);
});

const attestations: readonly (readonly [what: string, change: Partial<AttestSpec>])[] = [
  ['data that a TPM did not make', { magic: 0xff54_4348 }],
  ['a certification', { type: 0x8017 }],
  ['two banks', { banks: 2 }],
  ['no bank', { banks: 0 }],
  ['the SHA-1 bank', { hash: 4 }],
  ['four bytes of selection', { selectSize: 4, select: [1, 0, 0, 0] }],
  ['a size of selection that is not its own', { selectSize: 4 }],
  ['no PCR', { select: [0, 0, 0] }],
  ['a digest of 31 bytes', { digest: new Uint8Array(31) }],
  ['a digest of 33 bytes', { digest: new Uint8Array(33) }],
  ['a boolean of 2', { safe: 2 }],
  ['a name of 67 bytes', { signer: new Uint8Array(67) }],
  ['extra data of 67 bytes', { extraData: new Uint8Array(67) }],
  ['a clock beyond 2^53', { clock: 1n << 53n }],
  ['something behind', { trailing: Uint8Array.of(0) }],
];

test('malformed attestations are refused, although the attestation key signed them', async () => {
  const step = ['vtpm-quote-format', 'VTPM_QUOTE_UNSUPPORTED_FORMAT'] as const;
  for (const [, change] of attestations) await refused({ tpmQuote: makeTpmQuote(makeAttestation(change)) }, ...step);
  await refused({ tpmQuote: makeTpmQuote(makeAttestation().subarray(0, -1)) }, ...step);
  await refused({ tpmQuote: makeTpmQuote(concatBytes(makeAttestation(), new Uint8Array(1024))) }, ...step);
  await refused({ tpmQuote: { ...makeTpmQuote(), pcrs: [...pcrValues, new Uint8Array(32)] } }, ...step);
  // Untyped on purpose: the run-time checks are what these tests are for.
  const pcrs = undefined as unknown as readonly Uint8Array[];
  await refused({ tpmQuote: { ...makeTpmQuote(), pcrs } }, ...step);
});

test('the longest names and the last clock are read', async () => {
  const change = { signer: new Uint8Array(66), extraData: new Uint8Array(66), clock: (1n << 53n) - 1n, safe: 0 };
  const { tpm } = await verdictOf({ tpmQuote: makeTpmQuote(makeAttestation(change)) });
  assert.deepEqual([tpm.qualifyingData, tpm.clockMs, tpm.clockSafe], ['00'.repeat(66), 2 ** 53 - 1, false]);
});

test('a quote by another key is refused', async () => {
  const step = ['vtpm-quote-signature', 'VTPM_INVALID_QUOTE_SIGNATURE'] as const;
  const quote = makeTpmQuote();
  await refused({ tpmQuote: makeTpmQuote(makeAttestation(), otherKey) }, ...step);
  await refused({ tpmQuote: { ...quote, message: makeAttestation({ extraData: utf8('other') }) } }, ...step);
  await refused({ tpmQuote: { ...quote, signature: quote.signature.subarray(1) } }, ...step);
});

test('other PCR values than the quoted ones are refused', async () => {
  const step = ['vtpm-pcr-digest', 'VTPM_PCR_MISMATCH'] as const;
  const quote = makeTpmQuote();
  for (const number of [0, 7, 23]) {
    await refused({ tpmQuote: { ...quote, pcrs: pcrValues.with(number, new Uint8Array(32)) } }, ...step);
    await refused({ tpmQuote: { ...quote, pcrs: pcrValues.with(number, new Uint8Array(31)) } }, ...step);
  }
  await refused({ tpmQuote: { ...quote, pcrs: pcrValues.slice(0, 23) } }, ...step);
  const [first = new Uint8Array(), second = new Uint8Array()] = pcrValues;
  const shifted = [first.subarray(0, 31), concatBytes(first.subarray(31), second), ...pcrValues.slice(2)];
  await refused({ tpmQuote: { ...quote, pcrs: shifted } }, ...step);
  await refused({ tpmQuote: { ...quote, pcrs: [...pcrValues].reverse() } }, ...step);
});

test('a PCR that was not quoted is not in the verdict, whatever its value', async () => {
  const selected = [pcrValues[0], pcrValues[9], pcrValues[16]].filter((value) => value !== undefined);
  const message = makeAttestation({ select: [1, 2, 1], digest: sha256(concatBytes(...selected)) });
  const tpmQuote = { ...makeTpmQuote(message), pcrs: pcrValues.with(1, fromHex('ff'.repeat(32))) };
  assert.deepEqual(Object.keys((await verdictOf({ tpmQuote })).tpm.pcrs), ['0', '9', '16']);
});

const tdReportData = reportDataFor(goodText);
const tdVerdict: HardwareFacts = { tee: 'tdx', report: { reportData: tdReportData } };
const tdQuote = utf8('a TD quote');

function tdEvidence(hardware = makeTdReport(tdReportData), hcl: Partial<HclSpec> = {}): AzureEvidence {
  return { hclReport: makeHclReport(hardware, goodText, { reportType: 4, ...hcl }), tpmQuote: makeTpmQuote() };
}

test('a VM on TDX, with the verifier of TD quotes as a hook', async () => {
  const seen: Uint8Array[] = [];
  const verifyTdQuote = (quote: Uint8Array): HardwareFacts => {
    seen.push(quote);
    return tdVerdict;
  };
  const verdict = await verifyAzureTdx(tdEvidence(), { tdQuote, verifyTdQuote: async (quote) => verifyTdQuote(quote) });
  assert.deepEqual(verifyAzureTdxSync(tdEvidence(), { tdQuote, verifyTdQuote }), verdict);
  assert.equal(verdict.hardware, tdVerdict);
  assert.equal(verdict.vmConfiguration.secureBoot, true);
  assert.deepEqual(seen, [tdQuote, tdQuote]);
});

test('a VM on TDX is refused by each of its rules', async () => {
  const refusedTd = async (evidence: AzureEvidence, verdict: unknown, step: string, status: string): Promise<void> => {
    // Untyped on purpose: hooks of callers without types may return anything.
    const verifyTdQuote = (): HardwareFacts => verdict as HardwareFacts;
    const isRefused = (error: unknown): true => isRefusal(error, step, status);
    await assert.rejects(verifyAzureTdx(evidence, { tdQuote, verifyTdQuote }), isRefused);
    assert.throws(() => verifyAzureTdxSync(evidence, { tdQuote, verifyTdQuote }), isRefused);
  };
  const format = ['vtpm-hcl-report', 'VTPM_HCL_UNSUPPORTED_FORMAT'] as const;
  await refusedTd(tdEvidence(undefined, { status: 1 }), tdVerdict, ...format);
  await refusedTd(tdEvidence(makeTdReport(tdReportData, { type: 0 })), tdVerdict, ...format);
  await refusedTd(tdEvidence(makeTdReport(tdReportData, { trailing: 1 })), tdVerdict, ...format);
  await refusedTd(evidenceOf(), tdVerdict, 'vtpm-hcl-report', 'VTPM_HARDWARE_MISMATCH');
  const mismatch = ['vtpm-hardware', 'VTPM_HARDWARE_MISMATCH'] as const;
  await refusedTd(tdEvidence(), { ...tdVerdict, tee: 'sgx' }, ...mismatch);
  await refusedTd(tdEvidence(), undefined, ...mismatch);
  await refusedTd(tdEvidence(), { tee: 'tdx', report: { reportData: '00'.repeat(64) } }, ...mismatch);
  const other = '11'.repeat(64);
  const otherTd = { tee: 'tdx', report: { reportData: other } };
  await refusedTd(tdEvidence(makeTdReport(other)), otherTd, 'vtpm-binding', 'VTPM_RUNTIME_DATA_MISMATCH');
});

test('what the hook throws comes out', async () => {
  const verifyTdQuote = (): HardwareFacts => {
    throw new RangeError('refused');
  };
  await assert.rejects(verifyAzureTdx(tdEvidence(), { tdQuote, verifyTdQuote }), RangeError);
});

/** Any input gives a value or a CODEC error. */
function isTotal(parse: (bytes: Uint8Array) => unknown): (bytes: Uint8Array) => void {
  return (bytes) => {
    try {
      parse(bytes);
    } catch (error) {
      assert.ok(isEnclosError(error) && error.code.startsWith('CODEC_'), String(error));
    }
  };
}

function mutations(good: Uint8Array): fc.Arbitrary<Uint8Array> {
  const change = fc.tuple(fc.nat(good.length - 1), fc.nat(255));
  return fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => {
    const bytes = good.slice();
    for (const [at, byte] of changes) bytes[at] = byte;
    return bytes;
  });
}

test('parsers refuse any malformed bytes with a typed error', () => {
  const parsers: readonly (readonly [(bytes: Uint8Array) => unknown, Uint8Array])[] = [
    [parseHclReport, evidenceOf().hclReport],
    [parseRuntimeData, utf8(goodText)],
    [parseTpmAttestation, makeAttestation()],
  ];
  for (const [parse, good] of parsers) {
    fc.assert(fc.property(mutations(good), isTotal(parse)), { numRuns: 500 });
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), isTotal(parse)));
  }
});

test('selections read back what was written', () => {
  const numbers = fc.uniqueArray(fc.nat(23), { minLength: 1 });
  fc.assert(
    fc.property(numbers, fc.uint8Array({ maxLength: 66 }), (selected, extraData) => {
      const select = [0, 0, 0];
      for (const number of selected) select[number >> 3] = (select[number >> 3] ?? 0) | (1 << (number & 7));
      const { selectedPcrs, facts } = parseTpmAttestation(makeAttestation({ select, extraData }));
      assert.deepEqual(
        selectedPcrs,
        [...selected].sort((a, b) => a - b),
      );
      assert.equal(facts.qualifyingData, Buffer.from(extraData).toString('hex'));
    }),
  );
});
