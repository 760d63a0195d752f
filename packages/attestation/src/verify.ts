import { concatBytes, equalBytes } from '@enclos/codec';
import type { QuoteV3 } from '@enclos/sgx';
import { collateralDates } from './collateral-dates.ts';
import type { EnclaveIdentity } from './enclave-identity.ts';
import { partsOf, type EndorsementParts, type Endorsements } from './endorsements.ts';
import { isoSeconds } from './json-fields.ts';
import { verifyPckChain, type PckChain } from './pck-chain.ts';
import { readEvidence } from './quote-evidence.ts';
import { misused, refuse } from './refusal.ts';
import type { TrustedRoot } from './roots.ts';
import { createSignatures, type Signatures, type Subtle } from './signatures.ts';
import { verifyBody, verifySigningChain } from './signing-chain.ts';
import { verificationSteps } from './steps.ts';
import { evaluateTcb } from './tcb-evaluation.ts';
import type { TcbInfo } from './tcb-info.ts';
import { sgxReportFacts } from './report-facts.ts';
import { makeVerdict, type QuoteVerdict } from './verdict.ts';

export interface VerifyOptions {
  /** Whose chains are accepted. There is no default. */
  readonly roots: readonly TrustedRoot[];
  /** The time of verification: any time, also a past one. */
  readonly now: Date;
  /** WebCrypto; `globalThis.crypto.subtle` unless given. */
  readonly subtle?: Subtle;
  /** Accept bytes after the quote, as some services deliver it in a larger buffer. */
  readonly allowTrailingBytes?: boolean;
}

/**
 * Verifies an SGX quote of version 3 against its collateral, in the steps of
 * `verificationSteps`. The TCB status and expired collateral do not refuse a
 * quote: they are facts in the verdict, for `appraise` to judge.
 *
 * @throws EVIDENCE_REFUSED; `details.step` and `details.status` say why.
 * @throws VERIFIER_MISUSED for arguments that make no sense.
 */
export async function verifyQuote(
  quote: Uint8Array,
  endorsements: Endorsements,
  options: VerifyOptions,
): Promise<QuoteVerdict> {
  const parts = partsOf(endorsements);
  const nowMs = requireOptions(options);
  const signatures = createSignatures(options.subtle ?? globalThis.crypto?.subtle);
  const evidence = readEvidence(quote, parts.pckChain, {
    allowTrailingBytes: options.allowTrailingBytes === true,
  });
  const chain = await verifyPckChain(evidence.pckChain, parts, { roots: [...options.roots], signatures });
  await verifyCollateral(chain, parts, signatures);
  const tcbInfo = parts.tcbInfo.value;
  const qeIdentity = parts.qeIdentity.value;
  matchTcbInfo(tcbInfo, chain);
  await verifyQe(evidence.quote, chain, signatures);
  matchQeIdentity(evidence.quote, qeIdentity);
  await verifyQuoteSignature(evidence.quote, signatures);
  const collateral = collateralDates(chain, parts, nowMs);
  return makeVerdict({
    tee: 'sgx',
    bodyType: 'sgx',
    quoteVersion: 3,
    report: sgxReportFacts(evidence.quote.reportBody),
    ...evaluateTcb(chain.platform, evidence.quote.signature.qeReport.isvSvn, { tcbInfo, qeIdentity }),
    tcbEvaluationDataNumbers: Object.freeze({
      tcbInfo: tcbInfo.tcbEvaluationDataNumber,
      qeIdentity: qeIdentity.tcbEvaluationDataNumber,
    }),
    root: chain.trustedRoot,
    fmspc: chain.platform.fmspc,
    platform: chain.platform,
    pckNotYetValid: [chain.pck, chain.intermediate, chain.root].some(({ notBeforeMs }) => notBeforeMs > nowMs),
    collateral,
    verifiedAt: isoSeconds(nowMs),
    steps: verificationSteps,
  });
}

function requireOptions({ roots, now }: VerifyOptions): number {
  const nowMs = now instanceof Date ? now.getTime() : Number.NaN;
  if (Number.isNaN(nowMs)) misused('options.now is not a valid Date.');
  if (!Array.isArray(roots) || roots.length === 0) misused('options.roots is empty: name whom you trust.');
  return nowMs;
}

async function verifyCollateral(pckChain: PckChain, parts: EndorsementParts, signatures: Signatures): Promise<void> {
  const { rootCrl, tcbInfo, tcbInfoChain, qeIdentity, qeIdentityChain } = parts;
  const tcbSigner = await verifySigningChain(tcbInfoChain, {
    step: 'tcb-signing-chain',
    rootCrl,
    pckChain,
    signatures,
  });
  await verifyBody(tcbInfo, tcbSigner, {
    step: 'tcb-info-signature',
    status: 'TCB_INFO_INVALID_SIGNATURE',
    signatures,
  });
  const isSameChain =
    tcbInfoChain.length === qeIdentityChain.length &&
    tcbInfoChain.every(({ encoded }, index) =>
      equalBytes(encoded, qeIdentityChain[index]?.encoded ?? new Uint8Array()),
    );
  const qeSigner = isSameChain
    ? tcbSigner
    : await verifySigningChain(qeIdentityChain, { step: 'qe-identity-signing-chain', rootCrl, pckChain, signatures });
  await verifyBody(qeIdentity, qeSigner, {
    step: 'qe-identity-signature',
    status: 'SGX_ENCLAVE_IDENTITY_INVALID_SIGNATURE',
    signatures,
  });
}

function matchTcbInfo(tcbInfo: TcbInfo, { platform }: PckChain): void {
  const step = 'tcb-info-match';
  const mismatch = (what: string): never => refuse(step, 'TCB_INFO_MISMATCH', `The TCB info is for another ${what}.`);
  if (tcbInfo.tee !== 'SGX') mismatch('TEE');
  if (tcbInfo.fmspc !== platform.fmspc) mismatch('FMSPC');
  if (tcbInfo.pceId !== platform.pceId) mismatch('PCEID');
}

async function verifyQe({ signature }: QuoteV3, { pck }: PckChain, signatures: Signatures): Promise<void> {
  if (!(await signatures.verify(pck.publicKey, signature.qeReportSignature, signature.qeReportBytes))) {
    refuse(
      'qe-report-signature',
      'INVALID_QE_REPORT_SIGNATURE',
      'The report of the quoting enclave is not signed by the PCK.',
    );
  }
  const digest = await signatures.sha256(concatBytes(signature.attestationKey, signature.qeAuthData));
  if (!equalBytes(digest, signature.qeReport.reportData.subarray(0, 32))) {
    refuse(
      'qe-report-binding',
      'INVALID_QE_REPORT_DATA',
      'The report of the quoting enclave is for another attestation key.',
    );
  }
}

/** QVL EnclaveReportVerifier: the masked report equals the identity's values, which are not masked. */
function matchQeIdentity({ signature: { qeReport, qeReportBytes } }: QuoteV3, identity: EnclaveIdentity): void {
  const mismatch = (what: string): never =>
    refuse('qe-identity-match', 'QE_IDENTITY_MISMATCH', `The quoting enclave has another ${what} than its identity.`);
  if (identity.id !== 'QE') mismatch('role');
  if (!equalBytes(masked(qeReportBytes.subarray(16, 20), identity.miscSelectMask), identity.miscSelect)) {
    mismatch('MISCSELECT');
  }
  if (!equalBytes(masked(qeReportBytes.subarray(48, 64), identity.attributesMask), identity.attributes)) {
    mismatch('ATTRIBUTES');
  }
  if (!equalBytes(qeReport.mrSigner, identity.mrSigner)) mismatch('MRSIGNER');
  if (qeReport.isvProdId !== identity.isvProdId) mismatch('ISVPRODID');
}

function masked(bytes: Uint8Array, mask: Uint8Array): Uint8Array {
  return bytes.map((byte, index) => byte & (mask[index] ?? 0));
}

async function verifyQuoteSignature({ signature, signedBytes }: QuoteV3, signatures: Signatures): Promise<void> {
  const step = 'quote-signature';
  const { attestationKey, isvSignature } = signature;
  if (!(await signatures.isKey(attestationKey))) {
    refuse(step, 'UNSUPPORTED_QUOTE_FORMAT', 'The attestation key is not a point of P-256.');
  }
  if (!(await signatures.verify(attestationKey, isvSignature, signedBytes))) {
    refuse(step, 'INVALID_QUOTE_SIGNATURE', 'The quote is not signed by its attestation key.');
  }
}
