import {
  appraiseSnp,
  parseSnpCollateral,
  snpStepResults,
  verifySnpReport,
  type SnpEndorsements,
  type SnpPolicy,
  type SnpVerdict,
} from '@enclos/attestation';
import { explainSnpReport } from '@enclos/attestation/explain';
import { isEnclosError, type EnclosError } from '@enclos/errors';
import { appraisalOf } from './appraisal.ts';
import type { AmdCollateral, Missing, Outcome, Request, Verification } from './outcome.ts';

/** An SEV-SNP report with the certificates of the key that signed it. */
export async function checkSnp(request: Request): Promise<Outcome> {
  const { evidence, now } = request;
  const verification = await verify(request);
  return {
    fields: evidence === undefined ? [] : explainSnpReport(evidence.bytes),
    collateral: undefined,
    verification,
    appraisal:
      verification.kind === 'genuine'
        ? appraisalOf(request, (policy, binding) => {
            // `appraiseSnp` checks every rule of untyped callers.
            return appraiseSnp(verification.verdict, policy as SnpPolicy, binding, { now }).binding;
          })
        : { kind: 'none' },
  };
}

type SnpVerification =
  | Exclude<Verification, { kind: 'genuine' }>
  | (Extract<Verification, { kind: 'genuine' }> & { readonly verdict: SnpVerdict });

async function verify(request: Request): Promise<SnpVerification> {
  const { evidence, amd, amdRoots: roots, now } = request;
  const endorsements = endorsementsOf(amd);
  if (isEnclosError(endorsements)) return { kind: 'malformed', error: endorsements };
  if (evidence === undefined || endorsements === undefined || roots.length === 0) {
    return { kind: 'waiting', missing: missingOf(request) };
  }
  try {
    const verdict = await verifySnpReport(evidence.bytes, endorsements, { roots, now });
    return { kind: 'genuine', verdict, steps: snpStepResults() };
  } catch (error) {
    if (isEnclosError(error, 'EVIDENCE_REFUSED')) return { kind: 'refused', error, steps: snpStepResults(error) };
    throw error;
  }
}

/** Undefined while a certificate is missing. */
function endorsementsOf({
  leaf,
  authority,
  root,
  revocationList,
}: AmdCollateral): SnpEndorsements | EnclosError | undefined {
  if (leaf === undefined || authority === undefined || root === undefined) return undefined;
  try {
    return parseSnpCollateral({
      signingKeyCertificate: leaf,
      certificateChain: [authority, root],
      ...(revocationList === undefined ? {} : { revocationList }),
    });
  } catch (error) {
    if (isEnclosError(error, 'ENDORSEMENTS_INVALID')) return error;
    throw error;
  }
}

function missingOf({ amd, amdRoots }: Request): readonly Missing[] {
  const missing: Missing[] = [];
  if (amd.leaf === undefined) missing.push('amd-leaf');
  if (amd.authority === undefined || amd.root === undefined) missing.push('amd-authority');
  if (amdRoots.length === 0) missing.push('amd-root');
  return missing;
}
