import {
  appraise,
  appraiseSnp,
  parseCollateral,
  parseSnpCollateral,
  verifyQuote,
  verifySnpReport,
  type Binding,
  type QuoteVerdict,
  type SnpCollateral,
  type SnpVerdict,
  type VerifiedEvidence,
  type VerifiedSnpEvidence,
} from '@enclos/attestation';
import type { Notice } from '@enclos/endorsements';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { parseQuote } from '@enclos/sgx';
import { trustedRoots, type RootOptions } from '../actions/trusted-roots.ts';
import type { AnyPolicy } from '../policy/check.ts';
import { fetchCollateralFor, withPckChain, type CollateralSource, type ObtainedCollateral } from './collateral-of.ts';
import type { QuoteFound, SnpReportFound } from './found.ts';
import type { PckFile } from './pck-file.ts';
import { snpCollateralOf } from './snp-collateral.ts';
import { trustedSnpRoots } from './snp-roots.ts';

/** What a verification is given beside the evidence. */
export interface Given {
  readonly source: CollateralSource;
  /** What was in the file of the source; absent when it is to be fetched. */
  readonly fromFile: ObtainedCollateral | undefined;
  readonly pck: PckFile | undefined;
  readonly policy: AnyPolicy | undefined;
  readonly roots: RootOptions;
  readonly now: Date;
  /** Certificates that came with the evidence. */
  readonly carried: readonly Uint8Array[];
}

const pckChainType = 5;

/** @throws EVIDENCE_REFUSED, ENDORSEMENTS_INVALID, and what fetching collateral throws. */
export async function verifyEvidence(
  evidence: QuoteFound | SnpReportFound,
  given: Given,
): Promise<{ readonly verdict: QuoteVerdict | SnpVerdict; readonly notices: readonly Notice[] }> {
  const { bytes } = evidence;
  const { json, notices } = given.fromFile ?? (await fetchCollateralFor(evidence, given.source, given.pck));
  const verdict = await (evidence.form === 'quote' ? verifyDcap(bytes, json, given) : verifySnp(bytes, json, given));
  return { verdict, notices };
}

async function verifyDcap(bytes: Uint8Array, json: unknown, { pck, roots: named, now }: Given): Promise<QuoteVerdict> {
  const completed = pck === undefined || carriesChain(bytes) ? json : withPckChain(json, pck);
  const roots = await trustedRoots(named, completed);
  return verifyQuote(bytes, parseCollateral(completed), { roots, now });
}

/** False also for a quote that cannot be read: the verifier says what is wrong with it. */
function carriesChain(quote: Uint8Array): boolean {
  try {
    return parseQuote(quote).signature.certificationDataType === pckChainType;
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return false;
  }
}

async function verifySnp(bytes: Uint8Array, json: unknown, { roots: named, now, carried }: Given): Promise<SnpVerdict> {
  const roots = await trustedSnpRoots(named, json);
  // What is missing is for the parser to say.
  const endorsements = parseSnpCollateral(snpCollateralOf(json, carried) as SnpCollateral);
  return verifySnpReport(bytes, endorsements, { roots, now });
}

/** @throws APPRAISAL_REFUSED, also for a policy for evidence of another kind. */
export function appraiseVerdict(
  verdict: QuoteVerdict | SnpVerdict,
  policy: AnyPolicy,
  binding: Binding,
  now: Date,
): VerifiedEvidence | VerifiedSnpEvidence {
  if (verdict.tee === 'sev-snp') {
    if (policy.kind !== 'snp') return refuseTee(policy.rules.tee ?? 'sgx', verdict.tee);
    return appraiseSnp(verdict, policy.rules, binding, { now });
  }
  if (policy.kind !== 'dcap') return refuseTee('sev-snp', verdict.tee);
  return appraise(verdict, policy.rules, binding, { now });
}

function refuseTee(expected: string, got: string): never {
  throw new EnclosError('APPRAISAL_REFUSED', 'The policy does not accept this evidence: rule tee.', {
    details: { field: 'tee', expected, got },
  });
}
