import { verifyQuote, type Endorsements } from '@enclos/attestation';
import { capabilities, quoteReportData } from '@enclos/enclave';
import { EnclosError } from '@enclos/errors';
import '../errors.ts';
import { rememberAppraisals } from './appraisal-memory.ts';
import type { AppraiseCertificate } from './appraisal.ts';
import { certificateAppraiser } from './certificate-appraiser.ts';
import { replicaPolicy, replicaRoots, type ReplicaRule } from './replica-policy.ts';

export interface ReplicaAppraiserOptions {
  /** Collateral for a quote, from the host. Rejects when there is none now. */
  readonly endorsements: (quote: Uint8Array) => Promise<Endorsements>;
  readonly rule: ReplicaRule;
  readonly now: () => Date;
  readonly nowMs: () => number;
}

/**
 * What appraises certificates of replicas: as this one is, so they must be. The
 * quote about itself that says what it is is judged when the first of them is
 * met, since endorsements may not be there at the start.
 */
export function replicaAppraiser({ endorsements, rule, now, nowMs }: ReplicaAppraiserOptions): AppraiseCertificate {
  const make = async (): Promise<AppraiseCertificate> => {
    const own = await quoteReportData(new Uint8Array(64));
    const roots = await replicaRoots(capabilities().hardware ? 'hardware' : 'software', own);
    const verdict = await verifyQuote(own, await endorsements(own), { roots, now: now() });
    if (verdict.tee !== 'sgx') throw new EnclosError('SERVICE_REPLICAS_UNSUPPORTED');
    return certificateAppraiser({ endorsements, roots, policy: replicaPolicy(verdict, rule), now });
  };
  let made: Promise<AppraiseCertificate> | undefined;
  const appraiser = (): Promise<AppraiseCertificate> =>
    (made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    }));
  return rememberAppraisals(async (certificate) => (await appraiser())(certificate), { nowMs });
}
