import {
  appraise,
  parseCollateral,
  stepResults,
  unbound,
  verifyQuote,
  type Binding,
  type Endorsements,
  type QuoteVerdict,
  type SgxPolicy,
  type StepResult,
  type TrustedRoot,
  type VerifiedEvidence,
} from '@enclos/attestation';
import {
  explainCollateral,
  explainQuote,
  type ExplainedCollateral,
  type ExplainedField,
} from '@enclos/attestation/explain';
import { isEnclosError, type EnclosError } from '@enclos/errors';

/** What the page has been given. */
export interface Request {
  readonly quote?: Uint8Array;
  /** JSON text of the shape QuoteCollateralV3. */
  readonly collateral?: string;
  readonly roots: readonly TrustedRoot[];
  readonly now: Date;
  readonly allowTrailingBytes: boolean;
  readonly policy?: SgxPolicy;
  /** 64 bytes; without them nothing is expected of the report data. */
  readonly reportData?: Uint8Array;
}

export type Verification =
  | { readonly kind: 'waiting'; readonly missing: readonly Missing[] }
  /** The collateral is not well-formed: no step was reached. */
  | { readonly kind: 'malformed'; readonly error: EnclosError }
  | { readonly kind: 'refused'; readonly error: EnclosError; readonly steps: readonly StepResult[] }
  | { readonly kind: 'genuine'; readonly verdict: QuoteVerdict; readonly steps: readonly StepResult[] };

export type Missing = 'quote' | 'collateral' | 'root';

export type Appraisal =
  /** Nobody said what is good enough. */
  | { readonly kind: 'none' }
  | { readonly kind: 'accepted'; readonly evidence: VerifiedEvidence }
  | { readonly kind: 'refused'; readonly error: EnclosError };

/** Everything that the page shows. */
export interface Outcome {
  readonly fields: readonly ExplainedField[];
  readonly collateral: ExplainedCollateral | undefined;
  readonly verification: Verification;
  readonly appraisal: Appraisal;
}

/** Decodes, verifies and appraises as far as there is something to do it with. */
export async function check(request: Request): Promise<Outcome> {
  const { quote } = request;
  const endorsements = request.collateral === undefined ? undefined : endorsementsOf(request.collateral);
  const verification = await verify(request, endorsements);
  return {
    fields: quote === undefined ? [] : explainQuote(quote),
    collateral: endorsements === undefined || isEnclosError(endorsements) ? undefined : explainCollateral(endorsements),
    verification,
    appraisal: verification.kind === 'genuine' ? appraisalOf(verification.verdict, request) : { kind: 'none' },
  };
}

function endorsementsOf(text: string): Endorsements | EnclosError {
  try {
    return parseCollateral(text);
  } catch (error) {
    if (isEnclosError(error, 'ENDORSEMENTS_INVALID')) return error;
    throw error;
  }
}

async function verify(request: Request, endorsements: Endorsements | EnclosError | undefined): Promise<Verification> {
  const { quote, roots, now, allowTrailingBytes } = request;
  if (isEnclosError(endorsements)) return { kind: 'malformed', error: endorsements };
  if (quote === undefined || endorsements === undefined || roots.length === 0) {
    return { kind: 'waiting', missing: missingOf(request) };
  }
  try {
    const verdict = await verifyQuote(quote, endorsements, { roots, now, allowTrailingBytes });
    return { kind: 'genuine', verdict, steps: stepResults() };
  } catch (error) {
    if (isEnclosError(error, 'EVIDENCE_REFUSED')) return { kind: 'refused', error, steps: stepResults(error) };
    throw error;
  }
}

function missingOf({ quote, collateral, roots }: Request): readonly Missing[] {
  const missing: Missing[] = [];
  if (quote === undefined) missing.push('quote');
  if (collateral === undefined) missing.push('collateral');
  if (roots.length === 0) missing.push('root');
  return missing;
}

function appraisalOf(verdict: QuoteVerdict, { policy, reportData, now }: Request): Appraisal {
  if (policy === undefined) return { kind: 'none' };
  const binding: Binding =
    reportData === undefined ? unbound('No report data was given to the console.') : { reportData };
  try {
    return { kind: 'accepted', evidence: appraise(verdict, policy, binding, { now }) };
  } catch (error) {
    if (isEnclosError(error, 'APPRAISAL_REFUSED')) return { kind: 'refused', error };
    throw error;
  }
}
