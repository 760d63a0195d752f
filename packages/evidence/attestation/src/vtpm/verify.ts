import { equalBytes, isZero, fromHex, toHex } from '@enclos/codec';
import { sha256, verifySpkiSignature, type Steps } from '../crypto/crypto-steps.ts';
import { orRefuse } from '../refusal/refusal.ts';
import type { SnpEndorsements } from '../snp/endorsements.ts';
import type { SnpVerdict } from '../snp/verdict.ts';
import { snpReportSteps, type SnpVerifyOptions } from '../snp/verify.ts';
import { cacheFor, type VerifierCache } from '../dcap/verifier-cache.ts';
import { runAsync, type Subtle } from '../crypto/web-crypto.ts';
import { parseHclReport, tdReportData, type HclHardware, type HclReport } from './hcl-report.ts';
import { refuseAzure } from './refusal.ts';
import { parseRuntimeData, type AzureRuntimeData } from './runtime-data.ts';
import { azureVerificationSteps } from './steps.ts';
import { parseTpmAttestation, pcrCount, selectedPcrBytes, type TpmAttestation, type TpmQuote } from './tpm-quote.ts';
import { makeAzureVerdict, type AzureVerdict, type HardwareFacts } from './verdict.ts';

/** What a guest of Azure reads from its vTPM. */
export interface AzureEvidence {
  /** The content of NV index 0x01400001. */
  readonly hclReport: Uint8Array;
  /** A quote by the attestation key, whose handle is 0x81000003. */
  readonly tpmQuote: TpmQuote;
}

/** How a TD quote is verified: by `verifyQuote`, with whatever that needs. */
export interface AzureTdxOptions<Verdict> {
  /** From IMDS, for the TDREPORT in the HCL report. */
  readonly tdQuote: Uint8Array;
  /** Gets the quote. Must throw unless it is genuine. */
  readonly verifyTdQuote: (tdQuote: Uint8Array) => Verdict;
}

/**
 * Verifies the evidence of an Azure confidential VM on SEV-SNP: the hardware
 * vouches for the paravisor and what it keeps, the paravisor for the key of its
 * vTPM, and the vTPM for what was booted.
 *
 * @throws EVIDENCE_REFUSED; `details.step` and `details.status` say why.
 * @throws VERIFIER_MISUSED for arguments that make no sense.
 */
export async function verifyAzureSnp(
  evidence: AzureEvidence,
  endorsements: SnpEndorsements,
  options: SnpVerifyOptions,
): Promise<AzureVerdict<SnpVerdict>> {
  const cache = options.cache ?? cacheFor(options.subtle);
  const steps = azureSnpSteps(evidence, endorsements, { ...options, cache });
  return runAsync(steps, options.subtle ?? globalThis.crypto?.subtle);
}

/** As `verifyAzureSnp` for a VM on TDX. */
export async function verifyAzureTdx<Verdict extends HardwareFacts>(
  evidence: AzureEvidence,
  options: AzureTdxOptions<Verdict | Promise<Verdict>> & { readonly subtle?: Subtle },
): Promise<AzureVerdict<Verdict>> {
  const hcl = readHclReport(evidence.hclReport, 'tdx');
  const hardware = await options.verifyTdQuote(options.tdQuote);
  return runAsync(azureTdxSteps(evidence, hcl, hardware), options.subtle ?? globalThis.crypto?.subtle);
}

/** `verifyAzureSnp`; the caller runs its cryptography. */
export function* azureSnpSteps(
  evidence: AzureEvidence,
  endorsements: SnpEndorsements,
  options: Pick<SnpVerifyOptions, 'roots' | 'now'> & { readonly cache: VerifierCache },
): Steps<AzureVerdict<SnpVerdict>> {
  const hcl = readHclReport(evidence.hclReport, 'sev-snp');
  const hardware = yield* snpReportSteps(hcl.hardwareReport, endorsements, options);
  // Less privileged code, which the guest may be, can ask for its own reports with any report data.
  if (hardware.report.vmpl !== 0) {
    refuseAzure('vtpm-hardware', 'VTPM_NOT_PARAVISOR', `VMPL ${hardware.report.vmpl} is not the paravisor’s.`);
  }
  return yield* azureVtpmSteps(evidence, hcl, hardware);
}

/** `verifyAzureTdx` from the verdict on the TD quote on. */
export function* azureTdxSteps<Verdict extends HardwareFacts>(
  evidence: AzureEvidence,
  hcl: HclReport,
  hardware: Verdict,
): Steps<AzureVerdict<Verdict>> {
  const step = 'vtpm-hardware';
  if (hardware?.tee !== 'tdx') refuseAzure(step, 'VTPM_HARDWARE_MISMATCH', 'The quote is not one of a TD.');
  if (hardware.report.reportData !== toHex(tdReportData(hcl.hardwareReport))) {
    refuseAzure(step, 'VTPM_HARDWARE_MISMATCH', 'The TD quote is not of the TDREPORT in the HCL report.');
  }
  return yield* azureVtpmSteps(evidence, hcl, hardware);
}

/** @throws EVIDENCE_REFUSED for a malformed report, or one of other hardware than what is given. */
export function readHclReport(bytes: Uint8Array, hardware?: HclHardware): HclReport {
  const step = 'vtpm-hcl-report';
  const hcl = orRefuse(
    () => parseHclReport(bytes),
    (cause) => refuseAzure(step, 'VTPM_HCL_UNSUPPORTED_FORMAT', cause.message, cause),
  );
  if (hardware !== undefined && hcl.hardware !== hardware) {
    refuseAzure(step, 'VTPM_HARDWARE_MISMATCH', `The HCL report is of ${hcl.hardware}, not of ${hardware}.`);
  }
  return hcl;
}

function* azureVtpmSteps<Verdict extends HardwareFacts>(
  evidence: AzureEvidence,
  { runtimeData }: HclReport,
  hardware: Verdict,
): Steps<AzureVerdict<Verdict>> {
  const tpmQuote = copyQuote(evidence.tpmQuote);
  yield* checkBinding(runtimeData, hardware);
  const runtime = orRefuse(
    () => parseRuntimeData(runtimeData),
    (cause) => refuseAzure('vtpm-runtime-data', 'VTPM_RUNTIME_DATA_UNSUPPORTED_FORMAT', cause.message, cause),
  );
  const attestation = readAttestation(tpmQuote);
  yield* checkSignature(tpmQuote, runtime);
  const pcrs = yield* checkPcrs(tpmQuote, attestation);
  return makeAzureVerdict({
    tee: 'azure-vtpm',
    hardware,
    vmConfiguration: runtime.vmConfiguration,
    userData: runtime.userData,
    attestationKey: toHex(yield* sha256(runtime.attestationKey)),
    tpm: Object.freeze({ ...attestation.facts, pcrs }),
    steps: azureVerificationSteps,
  });
}

/** The paravisor hashes its runtime data into the first half of the report data, and leaves the rest zero. */
function* checkBinding(runtimeData: Uint8Array, { report }: HardwareFacts): Steps<void> {
  const reportData = fromHex(report.reportData);
  const hash = yield* sha256(runtimeData);
  if (!equalBytes(hash, reportData.subarray(0, 32)) || !isZero(reportData.subarray(32))) {
    refuseAzure('vtpm-binding', 'VTPM_RUNTIME_DATA_MISMATCH', 'The hardware does not vouch for these runtime data.');
  }
}

/** The bytes that are parsed must be those that are verified, even if another holder changes the original. */
function copyQuote({ message, signature, pcrs }: TpmQuote): TpmQuote {
  const isList: boolean = Array.isArray(pcrs);
  if (!isList || pcrs.length > pcrCount) {
    const text = `The PCR values are not an array of at most ${pcrCount}.`;
    refuseAzure('vtpm-quote-format', 'VTPM_QUOTE_UNSUPPORTED_FORMAT', text);
  }
  const copy = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes);
  return { message: copy(message), signature: copy(signature), pcrs: pcrs.map(copy) };
}

function readAttestation({ message }: TpmQuote): TpmAttestation {
  return orRefuse(
    () => parseTpmAttestation(message),
    (cause) => refuseAzure('vtpm-quote-format', 'VTPM_QUOTE_UNSUPPORTED_FORMAT', cause.message, cause),
  );
}

function* checkSignature(tpmQuote: TpmQuote, { attestationKey }: AzureRuntimeData): Steps<void> {
  const { message: signedBytes, signature } = tpmQuote;
  if (!(yield* verifySpkiSignature('rsa-pkcs1-sha256', attestationKey, { signature, signedBytes }))) {
    const message = 'The TPM quote is not signed by the attestation key of this vTPM.';
    refuseAzure('vtpm-quote-signature', 'VTPM_INVALID_QUOTE_SIGNATURE', message);
  }
}

function* checkPcrs(
  { pcrs }: TpmQuote,
  { selectedPcrs, pcrDigest }: TpmAttestation,
): Steps<Readonly<Record<number, string>>> {
  const step = 'vtpm-pcr-digest';
  const selected = selectedPcrBytes(selectedPcrs, pcrs);
  if (selected === undefined) {
    refuseAzure(step, 'VTPM_PCR_MISMATCH', 'The value of a quoted PCR is missing, or not 32 bytes.');
  }
  if (!equalBytes(yield* sha256(selected), pcrDigest)) {
    refuseAzure(step, 'VTPM_PCR_MISMATCH', 'The PCR values are not the ones that were quoted.');
  }
  return Object.freeze(
    Object.fromEntries(
      selectedPcrs.map((number, index) => [number, toHex(selected.subarray(32 * index, 32 * index + 32))]),
    ),
  );
}
