import {
  appraise,
  parseCollateral,
  stepResults,
  verifyQuote,
  type AppraisalPolicy,
  type Endorsements,
  type QuoteVerdict,
} from '@enclos/attestation';
import { explainCollateral, explainQuote } from '@enclos/attestation/explain';
import { isEnclosError, type EnclosError } from '@enclos/errors';
import { appraisalOf } from './appraisal.ts';
import type { Missing, Outcome, Request, Verification } from './outcome.ts';

/** A DCAP quote, or nothing yet. */
export async function checkQuote(request: Request): Promise<Outcome> {
  const { evidence, now } = request;
  const endorsements = request.collateral === undefined ? undefined : endorsementsOf(request.collateral);
  const verification = await verify(request, endorsements);
  return {
    fields: evidence === undefined ? [] : explainQuote(evidence.bytes),
    collateral: endorsements === undefined || isEnclosError(endorsements) ? undefined : explainCollateral(endorsements),
    verification,
    appraisal:
      verification.kind === 'genuine'
        ? appraisalOf(request, (policy, binding) => {
            // `appraise` checks every rule of untyped callers.
            return appraise(verification.verdict, policy as AppraisalPolicy, binding, { now }).binding;
          })
        : { kind: 'none' },
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

type QuoteVerification =
  | Exclude<Verification, { kind: 'genuine' }>
  | (Extract<Verification, { kind: 'genuine' }> & { readonly verdict: QuoteVerdict });

async function verify(
  request: Request,
  endorsements: Endorsements | EnclosError | undefined,
): Promise<QuoteVerification> {
  const { evidence, roots, now, allowTrailingBytes } = request;
  if (isEnclosError(endorsements)) return { kind: 'malformed', error: endorsements };
  if (evidence === undefined || endorsements === undefined || roots.length === 0) {
    return { kind: 'waiting', missing: missingOf(request) };
  }
  try {
    const verdict = await verifyQuote(evidence.bytes, endorsements, { roots, now, allowTrailingBytes });
    return { kind: 'genuine', verdict, steps: stepResults() };
  } catch (error) {
    if (isEnclosError(error, 'EVIDENCE_REFUSED')) return { kind: 'refused', error, steps: stepResults(error) };
    throw error;
  }
}

function missingOf({ evidence, collateral, roots }: Request): readonly Missing[] {
  const missing: Missing[] = [];
  if (evidence === undefined) missing.push('evidence');
  if (collateral === undefined) missing.push('collateral');
  if (roots.length === 0) missing.push('root');
  return missing;
}
