import { parseCollateral, stepResults, verifyQuote, type Endorsements } from '@enclos/attestation';
import { explainCollateral, type ExplainedCollateral } from '@enclos/attestation/explain';
import { isEnclosError, type EnclosError } from '@enclos/errors';
import type { Missing, Request, Verification } from './outcome.ts';
import { verified } from './verifying.ts';

/** A DCAP quote, or nothing yet. */
export async function verifyDcap(request: Request): Promise<Verification> {
  const { evidence, roots, now, allowTrailingBytes } = request;
  const endorsements = endorsementsOf(request);
  if (isEnclosError(endorsements)) return { kind: 'malformed', error: endorsements };
  if (evidence === undefined || endorsements === undefined || roots.length === 0) {
    return {
      kind: 'waiting',
      missing: [...(evidence === undefined ? ['evidence' as const] : []), ...missingOf(request)],
    };
  }
  return verified(() => verifyQuote(evidence.bytes, endorsements, { roots, now, allowTrailingBytes }), stepResults);
}

/** Undefined while there is none. */
export function endorsementsOf({ collateral }: Request): Endorsements | EnclosError | undefined {
  if (collateral === undefined) return undefined;
  try {
    return parseCollateral(collateral);
  } catch (error) {
    if (isEnclosError(error, 'ENDORSEMENTS_INVALID')) return error;
    throw error;
  }
}

export function collateralOf(endorsements: Endorsements | EnclosError | undefined): ExplainedCollateral | undefined {
  return endorsements === undefined || isEnclosError(endorsements) ? undefined : explainCollateral(endorsements);
}

/** What a quote is verified with, and is not there. */
export function missingOf({ collateral, roots }: Request): readonly Missing[] {
  const missing: Missing[] = [];
  if (collateral === undefined) missing.push('collateral');
  if (roots.length === 0) missing.push('root');
  return missing;
}
