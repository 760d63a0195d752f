import {
  appraise,
  parseCollateral,
  verifyQuote,
  type AppraisalPolicy,
  type Endorsements,
  type TrustedRoot,
  type VerifiedEvidence,
} from '@enclos/attestation';
import type { ReceiptTee } from '@enclos/receipts';
import { notAttested } from './refusal.ts';

/** What a service shows, and what it must be about. */
export interface PresentedReport {
  /** Such as `sgx-quote`, as the service says. */
  readonly kind: string;
  readonly evidence: Uint8Array;
  /** What the service sent along: as untrusted as the evidence. */
  readonly endorsements: string | undefined;
  /** 64 bytes that the evidence must carry. */
  readonly reportData: Uint8Array;
}

/** What a relying party accepted. */
export interface AcceptedReport {
  readonly tee: ReceiptTee;
  /** MRENCLAVE, MRTD or launch measurement, in hex. */
  readonly measurement: string;
  /** The report data of the evidence, in hex. The client compares it once more. */
  readonly reportData: string;
}

/** A relying party's decision: verifies, appraises, and requires the report data. Rejects for what it does not accept. */
export type ReportAppraiser = (presented: PresentedReport) => Promise<AcceptedReport>;

export interface QuoteReportAppraiserOptions {
  /** Whose chains are accepted. There is no default. */
  readonly roots: readonly TrustedRoot[];
  /** What is accepted; a function when it may change. */
  readonly policy: AppraisalPolicy | (() => AppraisalPolicy);
  /** Collateral. Without it, what the service sends is used: a root signs it too. */
  readonly endorsements?: () => Endorsements | Promise<Endorsements>;
  /** Default: the clock of this machine. */
  readonly now?: () => Date;
}

/**
 * An appraiser for DCAP quotes of SGX and TDX, of hardware and of software platforms.
 *
 * The appraiser throws what `verifyQuote` and `appraise` throw, and INFERENCE_NOT_ATTESTED when there is no collateral.
 *
 * @example
 * import { INTEL_SGX_ROOT, parsePolicy } from '@enclos/attestation';
 * import { quoteReportAppraiser, type ReportAppraiser } from '@enclos/inference-client';
 *
 * export function appraiserOf(policyText: string): ReportAppraiser {
 *   return quoteReportAppraiser({ roots: [INTEL_SGX_ROOT], policy: parsePolicy(policyText) });
 * }
 */
export function quoteReportAppraiser(options: QuoteReportAppraiserOptions): ReportAppraiser {
  const { roots, policy, endorsements, now = () => new Date() } = options;
  return async ({ evidence, endorsements: sent, reportData }) => {
    const time = now();
    const collateral = endorsements === undefined ? parseCollateral(textOf(sent)) : await endorsements();
    const verdict = await verifyQuote(evidence, collateral, { roots, now: time });
    const rules = typeof policy === 'function' ? policy() : policy;
    return acceptedReport(appraise(verdict, rules, { reportData }, { now: time }));
  };
}

/** What receipts and the client compare of evidence that was accepted. */
export function acceptedReport(evidence: VerifiedEvidence): AcceptedReport {
  const measurement = evidence.tee === 'sgx' ? evidence.mrEnclave : evidence.mrTd;
  return Object.freeze({ tee: evidence.tee, measurement, reportData: evidence.reportData });
}

function textOf(sent: string | undefined): string {
  return sent ?? notAttested('The service sent no collateral, and the appraiser was given none.');
}
