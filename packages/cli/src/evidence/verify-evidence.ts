import {
  appraise,
  appraiseAzureMachine,
  appraiseSnp,
  parseCollateral,
  parseSnpCollateral,
  verifyAzureSnp,
  verifyAzureTdx,
  verifyQuote,
  verifySnpReport,
  type AzureDocument,
  type AzureVerdict,
  type Binding,
  type NonceBinding,
  type QuoteVerdict,
  type SnpCollateral,
  type SnpEndorsements,
  type SnpRoot,
  type SnpVerdict,
  type VerifiedEvidence,
  type VerifiedMachineEvidence,
  type VerifiedSnpEvidence,
} from '@enclos/attestation';
import type { Notice } from '@enclos/endorsements';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { parseQuote } from '@enclos/sgx';
import { trustedRoots, type RootOptions } from './trusted-roots.ts';
import { refuseUsage } from '../command-line/usage-error.ts';
import { bindingWanted } from './binding.ts';
import { teeOf, type AnyPolicy } from './appraisal-policy.ts';
import { fetchCollateralFor, withPckChain, type CollateralSource, type ObtainedCollateral } from './collateral-of.ts';
import type { PckFile } from './pck-file.ts';
import { snpCollateralOf, hardwareOf, tdQuoteOf, type Subject } from '@enclos/evidence/verify';
import { trustedSnpRoots } from './snp-roots.ts';

/** What a verification is given beside the evidence. */
export interface VerificationSettings {
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

/** A verdict on evidence of the hardware. */
export type HardwareVerdict = QuoteVerdict | SnpVerdict;
export type MachineVerdict = AzureVerdict<SnpVerdict> | AzureVerdict<QuoteVerdict>;
export type AnyVerdict = HardwareVerdict | MachineVerdict;
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
  return { verdict: await verdictOf(subject, collateral.json, given), notices: collateral.notices };
}

async function verdictOf(subject: Subject, json: unknown, given: VerificationSettings): Promise<AnyVerdict> {
  switch (subject.form) {
    case 'quote':
      return verifyDcap(subject.bytes, json, given);
    case 'snp-report':
      return verifySnpReport(subject.bytes, ...(await snpArguments(json, given)));
    case 'azure-evidence':
      return verifyAzure(subject.document, json, given);
  }
}

async function verifyDcap(
  bytes: Uint8Array,
  json: unknown,
  { pck, roots: named, now }: VerificationSettings,
): Promise<QuoteVerdict> {
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

async function snpArguments(
  json: unknown,
  { roots: named, now, carried }: Pick<VerificationSettings, 'roots' | 'now' | 'carried'>,
): Promise<readonly [SnpEndorsements, { readonly roots: readonly SnpRoot[]; readonly now: Date }]> {
  const roots = await trustedSnpRoots(named, json);
  // What is missing is for the parser to say.
  return [parseSnpCollateral(snpCollateralOf(json, carried) as SnpCollateral), { roots, now }];
}

/** The whole chain, from the vendor of the hardware to the PCRs. */
async function verifyAzure(
  document: AzureDocument,
  json: unknown,
  given: VerificationSettings,
): Promise<MachineVerdict> {
  if (document.hardware === 'tdx') {
    const verifyTdQuote = (quote: Uint8Array): Promise<QuoteVerdict> => verifyDcap(quote, json, given);
    return verifyAzureTdx(document, { tdQuote: tdQuoteOf(document), verifyTdQuote });
  }
  const { signingKeyCertificate: vcek } = document;
  const carried = vcek === undefined ? given.carried : [vcek, ...given.carried];
  return verifyAzureSnp(document, ...(await snpArguments(json, { ...given, carried })));
}

/** Hex of what the evidence was asked for: report data, or the qualifying data of a TPM quote. */
export function boundDataOf(verdict: AnyVerdict): string {
  return verdict.tee === 'azure-vtpm' ? verdict.tpm.qualifyingData : verdict.report.reportData;
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
