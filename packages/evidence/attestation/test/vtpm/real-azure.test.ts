import assert from 'node:assert/strict';
import { fromHex, toHex, utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { vectors } from '@enclos/testkit';
import {
  AMD_MILAN_ROOT,
  appraiseAzure,
  appraiseSnp,
  parseSnpCollateral,
  verifyAzureSnp,
  verifyAzureTdx,
  type AzureEvidence,
  INTEL_SGX_ROOT,
  parseCollateral,
  type QuoteVerdict,
  type SnpEndorsements,
  type SnpPolicy,
} from '../../src/index.ts';
import { verifyAzureSnpSync, verifyAzureTdxSync, verifyQuoteSync } from '../../src/node.ts';
import { allRows, collateralOf, readJson, readText } from '../intel-vectors.ts';

type Encoded = string | readonly number[];

interface QuoteJson {
  readonly signature: Encoded;
  readonly message: Encoded;
  readonly pcrs: readonly Encoded[];
}

interface EvidenceJson {
  readonly tpm_quote: QuoteJson;
  readonly hcl_report: Encoded;
  readonly td_quote?: Encoded;
  readonly vcek?: string;
}

const snpFolder = 'azure-vtpm/attestation-rs/az_snp';
const tdxFolder = 'azure-vtpm/attestation-rs/az_tdx';
const options = { roots: [AMD_MILAN_ROOT], now: new Date('2025-06-01T00:00:00Z') };
const challenge = toHex(utf8('challenge'));

function bytesOf(encoded: Encoded, encoding: 'hex' | 'base64url'): Uint8Array {
  if (typeof encoded !== 'string') return Uint8Array.from(encoded);
  return new Uint8Array(Buffer.from(encoded, encoding));
}

function quoteOf({ signature, message, pcrs }: QuoteJson): AzureEvidence['tpmQuote'] {
  return {
    signature: bytesOf(signature, 'hex'),
    message: bytesOf(message, 'hex'),
    pcrs: pcrs.map((pcr) => bytesOf(pcr, 'hex')),
  };
}

/** The file that tools of the TPM crates write: signature at 8, message at 272; the PCRs come from the JSON. */
function serialisedQuote(path: string, pcrs: AzureEvidence['tpmQuote']['pcrs']): AzureEvidence['tpmQuote'] {
  const bytes = vectors.read(path);
  return { signature: bytes.slice(8, 264), message: bytes.slice(272, 394), pcrs };
}

function snpEvidence(): AzureEvidence & { readonly endorsements: SnpEndorsements } {
  const { evidence } = readJson<{ readonly evidence: EvidenceJson }>(`${snpFolder}/evidence-v1.json`);
  return {
    hclReport: bytesOf(evidence.hcl_report, 'base64url'),
    tpmQuote: quoteOf(evidence.tpm_quote),
    endorsements: snpEndorsements(),
  };
}

/** The file holds leaf, ASK and ARK. */
function snpEndorsements(): SnpEndorsements {
  const text = readText(`${snpFolder}/vcek.pem`);
  const end = text.indexOf('-----BEGIN', 1);
  return parseSnpCollateral({ signingKeyCertificate: text.slice(0, end), certificateChain: text.slice(end) });
}

vectors.test('an Azure VM on SEV-SNP, in each of its shapes', async () => {
  const { hclReport, tpmQuote, endorsements } = snpEvidence();
  const trustee = quoteOf(readJson<QuoteJson>('azure-vtpm/trustee/az-snp-vtpm/tpm-quote-v1.json'));
  const quotes = [tpmQuote, trustee, serialisedQuote(`${snpFolder}/quote.bin`, tpmQuote.pcrs)];
  assert.deepEqual(vectors.read(`${snpFolder}/hcl-report.bin`), hclReport);
  for (const quote of quotes) {
    const verdict = await verifyAzureSnp({ hclReport, tpmQuote: quote }, endorsements, options);
    assert.deepEqual(verifyAzureSnpSync({ hclReport, tpmQuote: quote }, endorsements, options), verdict);
    assert.equal(verdict.tpm.qualifyingData, challenge);
    assert.equal(Object.keys(verdict.tpm.pcrs).length, 24);
    assert.equal(verdict.hardware.product, 'Milan');
    assert.deepEqual(verdict.vmConfiguration, {
      secureBoot: true,
      tpmEnabled: true,
      consoleEnabled: true,
      vmUniqueId: '911B0EF8-9DBA-48B0-B275-4E4DF2D39252',
    });
    assert.equal(verdict.userData, '00'.repeat(64));
  }
});

vectors.test('the certificate in Azure’s evidence is the one of the chain', async () => {
  const { evidence } = readJson<{ readonly evidence: EvidenceJson }>(`${snpFolder}/evidence-v1.json`);
  const text = readText(`${snpFolder}/vcek.pem`);
  const endorsements = parseSnpCollateral({
    signingKeyCertificate: new Uint8Array(Buffer.from(evidence.vcek ?? '', 'base64')),
    certificateChain: text.slice(text.indexOf('-----BEGIN', 1)),
  });
  const { hclReport, tpmQuote } = snpEvidence();
  assert.equal((await verifyAzureSnp({ hclReport, tpmQuote }, endorsements, options)).tee, 'azure-vtpm');
});

vectors.test('a quote by the vTPM of another machine is refused', async () => {
  const { hclReport, tpmQuote, endorsements } = snpEvidence();
  const message = vectors.read(`${snpFolder}/tpm-quote.msg`);
  const signature = vectors.read(`${snpFolder}/tpm-quote.sig`);
  const others = [
    { message, signature, pcrs: tpmQuote.pcrs },
    quoteOf(readJson<QuoteJson>(`${tdxFolder}/tpm-quote-v1.json`)),
  ];
  for (const quote of others) {
    await assert.rejects(
      verifyAzureSnp({ hclReport, tpmQuote: quote }, endorsements, options),
      (error) => isEnclosError(error) && error.details['status'] === 'VTPM_INVALID_QUOTE_SIGNATURE',
    );
  }
});

vectors.test('a real Azure VM on SEV-SNP is appraised', async () => {
  const verdict = await verifyAzureSnp(snpEvidence(), snpEndorsements(), options);
  const paravisor: SnpPolicy = {
    tee: 'sev-snp',
    measurements: [verdict.hardware.report.measurement],
    minimumGuestSvn: 5,
    vmpl: 0,
    roots: [AMD_MILAN_ROOT.fingerprint],
    signingKeys: ['VCEK'],
    minimumTcb: { Milan: { bootloader: 3, tee: 0, snp: 8, microcode: 0x73 } },
    allowSmt: true,
    allowMultipleSockets: true,
    allowUncheckedRevocation: true,
  };
  const policy = { pcrs: { 7: [verdict.tpm.pcrs[7] ?? ''] }, requireSecureBoot: true, allowConsole: true };
  const hardware = {
    appraiseHardware: (...[facts, bound]: Parameters<AppraiseSnp>) =>
      appraiseSnp(facts, paravisor, bound, { now: options.now }),
  };
  const evidence = appraiseAzure(verdict, policy, { nonce: fromHex(challenge) }, hardware);
  assert.equal(evidence.hardware.guestSvn, 5);
  assert.throws(
    () => appraiseAzure(verdict, policy, { nonce: utf8('Challenge') }, hardware),
    (error) => isEnclosError(error, 'APPRAISAL_REFUSED') && error.details['field'] === 'binding',
  );
});

type AppraiseSnp = (
  hardware: Parameters<typeof appraiseSnp>[0],
  binding: { readonly reportData: Uint8Array },
) => unknown;

vectors.test('no flipped bit of an HCL report or of a TPM quote passes', () => {
  const { hclReport, tpmQuote, endorsements } = snpEvidence();
  const refused = (evidence: AzureEvidence, what: string): void =>
    assert.throws(
      () => verifyAzureSnpSync(evidence, endorsements, options),
      (error) => isEnclosError(error, 'EVIDENCE_REFUSED'),
      what,
    );
  for (let at = 0; at < hclReport.length; at++) {
    const changed = hclReport.slice();
    changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
    refused({ hclReport: changed, tpmQuote }, `HCL report at ${at}`);
  }
  for (const part of ['message', 'signature'] as const) {
    for (let at = 0; at < tpmQuote[part].length; at++) {
      const changed = tpmQuote[part].slice();
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      refused({ hclReport, tpmQuote: { ...tpmQuote, [part]: changed } }, `${part} at ${at}`);
    }
  }
  for (const [number, pcr] of tpmQuote.pcrs.entries()) {
    const changed = pcr.slice();
    changed[number] = (changed[number] ?? 0) ^ 1;
    refused({ hclReport, tpmQuote: { ...tpmQuote, pcrs: tpmQuote.pcrs.with(number, changed) } }, `PCR ${number}`);
  }
});

/** Verifies the TD quote of these vectors with collateral of its time. */
function verifyTdQuote(tdQuote: Uint8Array): QuoteVerdict {
  const row = allRows().find(({ quote }) => quote === 'a187b0da057d');
  assert.ok(row !== undefined);
  const endorsements = parseCollateral(collateralOf(row));
  // Azure hands the quote out in a larger buffer.
  const given = { roots: [INTEL_SGX_ROOT], now: new Date(row.at), allowTrailingBytes: true };
  return verifyQuoteSync(tdQuote, endorsements, given);
}

vectors.test('an Azure VM on TDX, in each of its shapes', async () => {
  const v1 = readJson<{ readonly evidence: EvidenceJson }>(`${tdxFolder}/evidence-v1.json`).evidence;
  const trustee = 'azure-vtpm/trustee/az-tdx-vtpm';
  const shapes = [
    v1,
    ...['evidence-v0', 'evidence-v1'].map((name) => readJson<EvidenceJson>(`${trustee}/${name}.json`)),
  ];
  for (const shape of shapes) {
    const tdQuote = bytesOf(shape.td_quote ?? '', 'base64url');
    assert.deepEqual(tdQuote, vectors.read(`${tdxFolder}/td-quote.bin`));
    const evidence = { hclReport: bytesOf(shape.hcl_report, 'base64url'), tpmQuote: quoteOf(shape.tpm_quote) };
    assert.deepEqual(evidence.hclReport, vectors.read(`${tdxFolder}/hcl-report.bin`));
    const verdict = await verifyAzureTdx(evidence, { tdQuote, verifyTdQuote });
    assert.deepEqual(verifyAzureTdxSync(evidence, { tdQuote, verifyTdQuote }), verdict);
    assert.ok(verdict.hardware.tee === 'tdx' && verdict.hardware.status === 'OUT_OF_DATE');
    assert.equal(verdict.tpm.qualifyingData, challenge);
    assert.deepEqual(verdict.vmConfiguration, {
      secureBoot: true,
      tpmEnabled: true,
      tpmPersisted: false,
      consoleEnabled: true,
      vmUniqueId: '6332533D-5649-4D02-8AA7-8F64B7C3EE21',
      rootCertificateThumbprint: '6nZZnYaJc4KqUZ_yvA-mucFdYNouvlPnITnNMXsHl-0',
    });
  }
});

vectors.test('a flipped bit of a TDX VM’s HCL report is refused, or lies where nothing is read', async () => {
  const hclReport = vectors.read(`${tdxFolder}/hcl-report.bin`);
  const tdQuote = vectors.read(`${tdxFolder}/td-quote.bin`);
  const tpmQuote = quoteOf(readJson<QuoteJson>(`${tdxFolder}/tpm-quote-v1.json`));
  const tdVerdict = verifyTdQuote(tdQuote);
  const hook = { tdQuote, verifyTdQuote: () => tdVerdict };
  const good = verifyAzureTdxSync({ hclReport, tpmQuote }, hook);
  // The TDREPORT without its type and report data: only the CPU could check it; the TD quote stands for it.
  const isUnread = (at: number): boolean => (at > 32 && at < 32 + 128) || (at >= 32 + 192 && at < 32 + 1024);
  for (let at = 0; at < hclReport.length; at++) {
    const changed = hclReport.slice();
    changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
    const attempt = (): unknown => verifyAzureTdxSync({ hclReport: changed, tpmQuote }, hook);
    if (isUnread(at)) assert.deepEqual(attempt(), good);
    else assert.throws(attempt, (error) => isEnclosError(error, 'EVIDENCE_REFUSED'), `at ${at}`);
  }
});

vectors.test('the HCL report of one kind is not taken for the other', async () => {
  const snp = snpEvidence();
  const tdQuote = vectors.read(`${tdxFolder}/td-quote.bin`);
  const isMismatch = (error: unknown): boolean =>
    isEnclosError(error) && error.details['status'] === 'VTPM_HARDWARE_MISMATCH';
  await assert.rejects(verifyAzureTdx(snp, { tdQuote, verifyTdQuote }), isMismatch);
  const tdx = { hclReport: vectors.read(`${tdxFolder}/hcl-report.bin`), tpmQuote: snp.tpmQuote };
  await assert.rejects(verifyAzureSnp(tdx, snp.endorsements, options), isMismatch);
});

vectors.test('a TD quote that is not genuine is refused by its verifier', async () => {
  const tdQuote = vectors.read(`${tdxFolder}/td-quote.bin`);
  const hclReport = vectors.read(`${tdxFolder}/hcl-report.bin`);
  const tpmQuote = quoteOf(readJson<QuoteJson>(`${tdxFolder}/tpm-quote-v1.json`));
  tdQuote[48 + 136] = (tdQuote[48 + 136] ?? 0) ^ 1;
  await assert.rejects(
    verifyAzureTdx({ hclReport, tpmQuote }, { tdQuote, verifyTdQuote }),
    (error) => isEnclosError(error) && error.details['status'] === 'INVALID_QUOTE_SIGNATURE',
  );
});
