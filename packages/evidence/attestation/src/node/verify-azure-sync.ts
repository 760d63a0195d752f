import { runSync } from '../crypto/node-crypto.ts';
import { cacheFor } from '../dcap/verifier-cache.ts';
import type { SnpEndorsements } from '../snp/endorsements.ts';
import type { SnpVerdict } from '../snp/verdict.ts';
import type { SnpVerifyOptions } from '../snp/verify.ts';
import type { AzureVerdict, HardwareFacts } from '../vtpm/verdict.ts';
import {
  azureSnpSteps,
  azureTdxSteps,
  readHclReport,
  type AzureEvidence,
  type AzureTdxOptions,
} from '../vtpm/verify.ts';

/** `verifyAzureSnp` on node:crypto: the same steps, without waiting. */
export function verifyAzureSnpSync(
  evidence: AzureEvidence,
  endorsements: SnpEndorsements,
  options: Omit<SnpVerifyOptions, 'subtle'>,
): AzureVerdict<SnpVerdict> {
  const cache = options.cache ?? cacheFor(undefined);
  return runSync(azureSnpSteps(evidence, endorsements, { ...options, cache }));
}

/** `verifyAzureTdx` on node:crypto, with a verification of the TD quote that does not wait either. */
export function verifyAzureTdxSync<Verdict extends HardwareFacts>(
  evidence: AzureEvidence,
  { tdQuote, verifyTdQuote }: AzureTdxOptions<Verdict>,
): AzureVerdict<Verdict> {
  const hcl = readHclReport(evidence.hclReport, 'tdx');
  return runSync(azureTdxSteps(evidence, hcl, verifyTdQuote(tdQuote)));
}
