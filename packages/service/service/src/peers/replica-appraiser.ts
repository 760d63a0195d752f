import { parseCollateral, verifyQuote, type Endorsements } from '@enclos/attestation';
import { capabilities, quoteReportData } from '@enclos/enclave';
import { endorsementFacts } from '@enclos/endorsements';
import type { EndorsementSource } from '../../../../../services/attestation/src/attest/endorsement-request.ts';
import { tokenError } from '../../../../../services/attestation/src/tokens/errors.ts';
import { rememberAppraisals } from './appraisal-memory.ts';
import type { AppraiseCertificate } from './appraisal.ts';
import { certificateAppraiser } from './certificate-appraiser.ts';
import { replicaPolicy, replicaRoots } from './replica-policy.ts';
import { serviceFault } from '../../../../../services/attestation/src/service-fault.ts';
import type { ReplicaRule } from '../../../../../services/attestation/src/configuration/configuration.ts';

export interface OwnPlatformOptions {
  readonly endorsements: EndorsementSource;
  readonly rule: ReplicaRule;
  readonly now: () => Date;
  readonly nowMs: () => number;
}

/**
 * What appraises certificates of replicas: as this one is, so they must be. The
 * quote about itself that says what it is is judged when the first of them is
 * met, since endorsements may not be there at the start.
 */
export function replicaAppraiser({ endorsements, rule, now, nowMs }: OwnPlatformOptions): AppraiseCertificate {
  const collateralOf = (quote: Uint8Array): Promise<Endorsements> => collateral(quote, endorsements);
  const make = async (): Promise<AppraiseCertificate> => {
    const own = await quoteReportData(new Uint8Array(64));
    const roots = await replicaRoots(capabilities().hardware ? 'hardware' : 'software', own);
    const verdict = await verifyQuote(own, await collateralOf(own), { roots, now: now() });
    if (verdict.tee !== 'sgx') throw tokenError('ATTESTATION_TENANT_UNUSABLE', 'This platform gives no quotes of SGX.');
    return certificateAppraiser({ endorsements: collateralOf, roots, policy: replicaPolicy(verdict, rule), now });
  };
  let made: Promise<AppraiseCertificate> | undefined;
  const appraiser = (): Promise<AppraiseCertificate> =>
    (made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    }));
  return rememberAppraisals(async (certificate) => (await appraiser())(certificate), { nowMs });
}

async function collateral(quote: Uint8Array, endorsements: EndorsementSource): Promise<Endorsements> {
  const found = await endorsements({ facts: endorsementFacts(quote) });
  if (found === undefined) throw serviceFault('ATTESTATION_ENDORSEMENTS_ABSENT');
  return parseCollateral(new TextDecoder().decode(found));
}
