import { appraise, boundReportData, INTEL_SGX_ROOT, parseCollateral, verifyQuote } from '../src/index.ts';
import type { SgxPolicy, VerifiedEvidence } from '../src/index.ts';

const policy: SgxPolicy = {
  mrSigner: ['83d719e77deaca1470f6baf62a4d774303c899db69020f9c70ee1dfc08c7ce9e'],
  productId: 1,
  minimumSecurityVersion: 3,
  acceptedStatuses: ['OK', 'SW_HARDENING_NEEDED'],
  acceptedAdvisoryIds: ['INTEL-SA-00615'],
  intelRoot: true,
};

/** What a client does before it trusts the public key of an enclave. */
export async function checkEnclave(
  evidence: { readonly quote: Uint8Array; readonly collateral: unknown },
  expected: { readonly nonce: Uint8Array; readonly key: Uint8Array },
): Promise<VerifiedEvidence> {
  const now = new Date();
  const endorsements = parseCollateral(evidence.collateral);
  const verdict = await verifyQuote(evidence.quote, endorsements, { roots: [INTEL_SGX_ROOT], now });
  const reportData = await boundReportData({ purpose: 'vault.upload.v1', ...expected });
  return appraise(verdict, policy, { reportData }, { now });
}
