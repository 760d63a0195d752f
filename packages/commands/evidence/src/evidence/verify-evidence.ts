import {
  appraise,
  appraiseAzureMachine,
  appraiseSnp,
  type Binding,
  type NonceBinding,
  type VerifiedEvidence,
  type VerifiedMachineEvidence,
  type VerifiedSnpEvidence,
} from '@enclos/attestation';
import { refuseUsage } from '@enclos/cli-frame';
import type { Notice } from '@enclos/endorsements';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { parseQuote } from '@enclos/sgx';
import { hardwareOf, verifyEvidence as verifyForm, type AnyVerdict, type Subject } from '@enclos/evidence/verify';
import { trustedRoots, type RootOptions } from './trusted-roots.ts';
import { bindingWanted } from './binding.ts';
import { teeOf, type AnyPolicy } from './appraisal-policy.ts';
import { fetchCollateralFor, withPckChain, type CollateralSource, type ObtainedCollateral } from './collateral-of.ts';
import type { PckFile } from './pck-file.ts';
import { trustedSnpRoots } from './snp-roots.ts';

/** What a verification is given beside the evidence. */
export interface VerificationSettings {
  readonly source: CollateralSource;
  /** The content of the collateral file; absent when the collateral is fetched. */
  readonly fromFile: ObtainedCollateral | undefined;
  readonly pck: PckFile | undefined;
  readonly policy: AnyPolicy | undefined;
  readonly roots: RootOptions;
  readonly now: Date;
  /** Certificates that came with the evidence. */
  readonly carried: readonly Uint8Array[];
}

export type AnyVerifiedEvidence = VerifiedEvidence | VerifiedSnpEvidence | VerifiedMachineEvidence;
/** What ties evidence to its use. The nonce is for that of a vTPM. */
export type AnyBinding = Binding | NonceBinding;

const pckChainType = 5;

/** @throws EVIDENCE_REFUSED, ENDORSEMENTS_INVALID, and what fetching collateral throws. */
export async function verifyEvidence(
  subject: Subject,
  given: VerificationSettings,
): Promise<{ readonly verdict: AnyVerdict; readonly notices: readonly Notice[] }> {
  const collateral = given.fromFile ?? (await fetchCollateralFor(hardwareOf(subject), given.source, given.pck));
  const json = completed(subject, collateral.json, given.pck);
  const { roots, now, carried } = given;
  const verdict = await verifyForm(subject, {
    collateral: json,
    roots: () => trustedRoots(roots, json),
    amdRoots: () => trustedSnpRoots(roots, json),
    now,
    carried,
  });
  return { verdict, notices: collateral.notices };
}

/** Collateral with the PCK chain of a file, for a quote that carries none. */
function completed(subject: Subject, json: unknown, pck: PckFile | undefined): unknown {
  const { form, bytes } = hardwareOf(subject);
  return pck === undefined || form !== 'quote' || carriesChain(bytes) ? json : withPckChain(json, pck);
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

/** @throws APPRAISAL_REFUSED, also for a policy for evidence of another kind. */
export function appraiseVerdict(
  verdict: AnyVerdict,
  policy: AnyPolicy,
  binding: AnyBinding,
  now: Date,
): AnyVerifiedEvidence {
  if (verdict.tee === 'azure-vtpm') {
    if (policy.kind !== 'azure') return refuseTee(teeOf(policy), verdict.tee);
    const nonce = 'reportData' in binding ? { nonce: binding.reportData } : binding;
    return appraiseAzureMachine(verdict, policy.rules, nonce, { now });
  }
  if ('nonce' in binding) return refuseUsage(bindingWanted);
  if (verdict.tee === 'sev-snp') {
    if (policy.kind !== 'snp') return refuseTee(teeOf(policy), verdict.tee);
    return appraiseSnp(verdict, policy.rules, binding, { now });
  }
  if (policy.kind !== 'dcap') return refuseTee(teeOf(policy), verdict.tee);
  return appraise(verdict, policy.rules, binding, { now });
}

function refuseTee(expected: string, got: string): never {
  throw new EnclosError('APPRAISAL_REFUSED', 'The policy does not accept this evidence: rule tee.', {
    details: { field: 'tee', expected, got },
  });
}
