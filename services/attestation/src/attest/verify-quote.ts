import type { QuoteVerdict } from '@enclos/attestation';
import { verifyQuoteSync } from '@enclos/attestation/node';
import { endorsementFacts } from '@enclos/endorsements';
import { isEnclosError } from '@enclos/errors';
import type { BaselineRequest } from './baseline.ts';
import type { AttestContext } from './context.ts';
import type { CollateralHashes, DcapEndorsements } from './endorsement-memory.ts';
import { ofCaller, refuseEvidence, unavailable } from './refuse.ts';

export interface VerifiedQuote {
  readonly verdict: QuoteVerdict;
  readonly hashes: CollateralHashes;
}

/**
 * Verifies a quote against collateral that the host found for its platform, by Intel's root and those that the tenant
 * lists, at the tenant's baseline.
 *
 * @throws ServiceError InvalidParameter, ServiceUnavailable
 */
export async function verifyQuoteFor(
  context: AttestContext,
  quote: Uint8Array,
  baseline: BaselineRequest,
): Promise<VerifiedQuote> {
  const facts = ofCaller(() => endorsementFacts(quote), 'evidence-format');
  const request = { facts, ...baseline };
  const found = await context.endorsements.forQuote(request, context.cache);
  try {
    const verdict = ofCaller(() => verify(context, quote, found), 'evidence');
    requireBaseline(verdict, baseline);
    requireAcceptable(verdict, context);
    context.endorsements.keep(request, found);
    return { verdict, hashes: found.hashes };
  } catch (error) {
    // Perhaps the host has better ones by now.
    context.endorsements.forget(request);
    throw error;
  }
}

function verify(context: AttestContext, quote: Uint8Array, { endorsements }: DcapEndorsements): QuoteVerdict {
  const { quoteRoots: roots, cache, crypto } = context;
  const now = context.baseline.verificationTime ?? context.now();
  try {
    return verifyQuoteSync(quote, endorsements, { roots, cache, now, ...(crypto === undefined ? {} : { crypto }) });
  } catch (error) {
    // The chains and dates of the collateral are the host's doing, if the root that the platform has is a trusted one.
    if (isEnclosError(error, 'VERIFIER_MISUSED')) throw new TypeError('The verifier was given what it does not take.', { cause: error });
    throw error;
  }
}

/** A host that gives an earlier baseline than it was asked for would let old platforms pass. */
function requireBaseline(
  { tcbEvaluationDataNumbers: { tcbInfo, qeIdentity } }: QuoteVerdict,
  { evaluationNumber }: BaselineRequest,
): void {
  if (evaluationNumber !== undefined && (tcbInfo !== evaluationNumber || qeIdentity !== evaluationNumber)) {
    unavailable(`The endorsements that were found are not those of the TCB baseline ${evaluationNumber}.`);
  }
}

function requireAcceptable(verdict: QuoteVerdict, { baseline, softwareRoots }: AttestContext): void {
  const { root, collateral, pckNotYetValid, status, advisoryIds, shortfall } = verdict;
  // The verifier has only the roots of the tenant: this stands here for the day when somebody gives it more.
  if (root.kind === 'software' && !softwareRoots.has(root.fingerprint)) {
    refuseEvidence('The evidence is that of a software platform which this tenant does not list.', { rule: 'software-root' });
  }
  const outdated = [...collateral.expired, ...collateral.notYetValid];
  if (outdated.length > 0 || pckNotYetValid) {
    const parts = pckNotYetValid ? ['pckCertificate', ...outdated] : outdated;
    const message = `The collateral is not of this time: ${[...new Set(parts)].join(', ')}.`;
    refuseEvidence(message, { rule: 'collateral-dates', parts });
  }
  if (!baseline.acceptedStatuses.has(status)) {
    const message = `The TCB status of the platform is ${status}, which this tenant does not accept.`;
    refuseEvidence(message, { rule: 'tcb-status', status, advisoryIds, shortfall });
  }
}
