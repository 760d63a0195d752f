import {
  appraise,
  parseCollateral,
  stepResults,
  verifyQuote,
  type Binding,
  type QuoteVerdict,
  type StepResult,
  type VerifiedEvidence,
} from '@enclos/attestation';
import type { EnclosError } from '@enclos/errors';
import { isEnclosError } from '@enclos/errors';
import { readSmallFile, readSmallJson } from '../files.ts';
import { readPolicy } from './policy-file.ts';
import { trustedRoots, type RootOptions } from './trusted-roots.ts';

export interface VerifyOptions {
  readonly quoteFile: string;
  /** JSON in the shape of QuoteCollateral. */
  readonly collateralFile: string;
  readonly roots: RootOptions;
  /** The time of verification. */
  readonly now: Date;
  /** What to accept, and what ties the quote to this use. Without it nothing is appraised. */
  readonly appraisal?: { readonly policyFile: string; readonly binding: Binding };
}

export interface VerifyOutcome {
  readonly steps: readonly StepResult[];
  /** Absent when a step failed. */
  readonly verdict?: QuoteVerdict;
  /** Present when the policy accepted it. */
  readonly evidence?: VerifiedEvidence;
  /** Why it is refused: evidence or policy. */
  readonly refusal?: EnclosError;
}

const maxQuoteBytes = 1024 * 1024;
const maxCollateralBytes = 8 * 1024 * 1024;

/**
 * Verifies a quote in numbered steps and, with a policy, appraises it. A
 * refusal of evidence or policy is in the outcome, beside the steps.
 * @throws ENDORSEMENTS_INVALID, CLI_ROOT_UNKNOWN, and for files and options that cannot be used.
 */
export async function verify(options: VerifyOptions): Promise<VerifyOutcome> {
  const quote = await readSmallFile(options.quoteFile, maxQuoteBytes);
  const collateral = await readSmallJson(options.collateralFile, maxCollateralBytes);
  const policy = options.appraisal === undefined ? undefined : await readPolicy(options.appraisal.policyFile);
  const endorsements = parseCollateral(collateral);
  const roots = await trustedRoots(options.roots, collateral);
  let verdict: QuoteVerdict;
  try {
    verdict = await verifyQuote(quote, endorsements, { roots, now: options.now });
  } catch (error) {
    if (!isEnclosError(error, 'EVIDENCE_REFUSED')) throw error;
    return { steps: stepResults(error), refusal: error };
  }
  const steps = stepResults();
  if (policy === undefined || options.appraisal === undefined) return { steps, verdict };
  try {
    return { steps, verdict, evidence: appraise(verdict, policy, options.appraisal.binding, { now: options.now }) };
  } catch (error) {
    if (!isEnclosError(error, 'APPRAISAL_REFUSED')) throw error;
    return { steps, verdict, refusal: error };
  }
}
