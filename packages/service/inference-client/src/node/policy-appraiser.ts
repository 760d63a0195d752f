import '../errors.ts';
import { policyAppraiser, type PolicyAppraiserOptions } from '@enclos/atls';
import type { VerifiedEvidence } from '@enclos/attestation';
import { utf8 } from '@enclos/codec';
import { acceptedReport, type ReportAppraiser } from '../appraiser.ts';

export type PolicyReportAppraiserOptions = PolicyAppraiserOptions & {
  /** Gets the evidence of each report that was accepted. It must not throw. */
  readonly onEvidence?: ((evidence: VerifiedEvidence) => void) | undefined;
};

/**
 * `quoteReportAppraiser` from a policy alone, which names its roots: Intel's with `intelRoot`, those of software platforms by their
 * fingerprints. Collateral is what the service sends along, unless `collateral` gives it.
 *
 * @throws what `policyAppraiser` of `@enclos/atls` throws; so does the appraiser.
 *
 * @example
 * import { readFileSync } from 'node:fs';
 * import { createInferenceClient } from '@enclos/inference-client';
 * import { policyReportAppraiser } from '@enclos/inference-client/node';
 *
 * const appraise = policyReportAppraiser({ policy: readFileSync('policy.json', 'utf8') });
 * const client = createInferenceClient({ url: 'https://models.example.com', appraise });
 * await client.attest();
 */
export function policyReportAppraiser(options: PolicyReportAppraiserOptions): ReportAppraiser {
  const appraise = policyAppraiser(options);
  return async ({ evidence: quote, endorsements = '', reportData }) => {
    const evidence = await appraise({
      quote,
      endorsements: utf8(endorsements),
      reportData,
      role: 'server',
      mode: 'fresh',
    });
    options.onEvidence?.(evidence);
    return acceptedReport(evidence);
  };
}
