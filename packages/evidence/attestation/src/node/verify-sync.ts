import type { Endorsements } from '../dcap/collateral.ts';
import { verification, type VerificationOptions } from '../dcap/verification.ts';
import type { QuoteVerdict } from '../dcap/verdict.ts';
import { cacheFor, type VerifierCache } from '../dcap/verifier-cache.ts';
import { runOnThreads, runSync, type SyncCrypto } from '../crypto/node-crypto.ts';
import type { SnpEndorsements } from '../snp/endorsements.ts';
import type { SnpVerdict } from '../snp/verdict.ts';
import { snpReportSteps, type SnpVerifyOptions } from '../snp/verify.ts';
import type { AzureVerdict, HardwareFacts } from '../vtpm/verdict.ts';
import * as azure from '../vtpm/verify.ts';

export interface VerifySyncOptions extends VerificationOptions {
  /** node:crypto unless given. */
  readonly crypto?: SyncCrypto;
}
export type SnpVerifySyncOptions = Omit<SnpVerifyOptions, 'subtle'> & Pick<VerifySyncOptions, 'crypto'>;

/**
 * `verifyQuote` of the main entry, without a promise: the same steps, refusals and verdict.
 *
 * @throws EVIDENCE_REFUSED; `details.step` and `details.status` say why.
 * @throws VERIFIER_MISUSED for arguments that make no sense.
 */
export function verifyQuoteSync(
  quote: Uint8Array,
  endorsements: Endorsements,
  options: VerifySyncOptions,
): QuoteVerdict {
  return runSync(verification(quote, endorsements, cached(options), true), options.crypto);
}

/**
 * {@link verifyQuoteSync} for servers: signatures are verified by the threads of node:crypto, beside the caller's own. The bytes must not
 * change meanwhile.
 */
export async function verifyQuoteOnThreads(
  quote: Uint8Array,
  endorsements: Endorsements,
  options: VerifySyncOptions,
): Promise<QuoteVerdict> {
  return runOnThreads(verification(quote, endorsements, cached(options), true), options.crypto);
}

/** `verifySnpReport` on node:crypto: the same steps, without waiting. */
export function verifySnpReportSync(
  report: Uint8Array,
  endorsements: SnpEndorsements,
  options: SnpVerifySyncOptions,
): SnpVerdict {
  return runSync(snpReportSteps(report, endorsements, cached(options)), options.crypto);
}

/** `verifyAzureSnp` on node:crypto: the same steps, without waiting. */
export function verifyAzureSnpSync(
  evidence: azure.AzureEvidence,
  endorsements: SnpEndorsements,
  options: Omit<SnpVerifyOptions, 'subtle'>,
): AzureVerdict<SnpVerdict> {
  return runSync(azure.azureSnpSteps(evidence, endorsements, cached(options)));
}

/** `verifyAzureTdx` on node:crypto, with a verification of the TD quote that does not wait either. */
export function verifyAzureTdxSync<Verdict extends HardwareFacts>(
  evidence: azure.AzureEvidence,
  { tdQuote, verifyTdQuote }: azure.AzureTdxOptions<Verdict>,
): AzureVerdict<Verdict> {
  return runSync(azure.azureTdxSteps(evidence, azure.readHclReport(evidence.hclReport, 'tdx'), verifyTdQuote(tdQuote)));
}

function cached<T extends { readonly cache?: VerifierCache; readonly crypto?: SyncCrypto }>(
  options: T,
): T & { readonly cache: VerifierCache } {
  // Servers give one. A copy with one more member takes as long as all checks of a quote that is known.
  const { cache } = options;
  return cache === undefined ? { ...options, cache: cacheFor(options.crypto) } : Object.assign({}, options, { cache });
}
