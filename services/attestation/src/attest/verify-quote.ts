import type { QuoteVerdict } from '@enclos/attestation';
import { verifyQuoteOnThreads } from '@enclos/attestation/node';
import type { BaselineRequest } from './baseline.ts';
import type { AttestContext } from './context.ts';
import type { CollateralHashes } from './claims/sgx-claims.ts';
import type { DcapEndorsements } from './endorsement-memory.ts';
import { blameCaller, ofCaller, refuseEvidence, unavailable } from './refuse.ts';

export interface VerifiedQuote {
  readonly verdict: QuoteVerdict;
  readonly hashes: CollateralHashes;
}

/**
 * Verifies a quote against collateral that the host found for its platform, by Intel's root and those that the tenant
 * lists, at a baseline. What comes is genuine; whether it is good enough is for {@link requireAcceptableQuote} to say.
 *
 * @throws ATTESTATION_EVIDENCE_REFUSED, ATTESTATION_ENDORSEMENTS_UNAVAILABLE
 */
export async function verifyQuoteFor(
  context: AttestContext,
  quote: Uint8Array,
  { baseline, at }: { readonly baseline: BaselineRequest; readonly at: Date },
): Promise<VerifiedQuote> {
  const platform = ofCaller(() => context.platforms.platformOf(quote), 'evidence-format');
  const request = { facts: platform.facts, ...baseline };
  const given = context.endorsements.forQuote(request, { cache: context.cache, at });
  const found = given instanceof Promise ? await given : given;
  const verdict = await verify(context, quote, { found, at }).catch((error: unknown) => blameCaller(error, 'evidence'));
  requireBaseline(verdict, baseline);
  requireDates(verdict);
  // Whatever the platform is worth, its collateral is good.
  context.endorsements.keep(request, found, verdict.collateral.earliestExpiration);
  context.platforms.keep(platform);
  return { verdict, hashes: found.hashes };
}

function verify(
  { quoteRoots: roots, cache, crypto }: AttestContext,
  quote: Uint8Array,
  { found, at: now }: { readonly found: DcapEndorsements; readonly at: Date },
): Promise<QuoteVerdict> {
  const options = { roots, cache, now, ...(crypto === undefined ? {} : { crypto }) };
  return verifyQuoteOnThreads(quote, found.endorsements, options);
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

function requireDates({ collateral: { expired, notYetValid }, pckNotYetValid }: QuoteVerdict): void {
  if (expired.length + notYetValid.length === 0 && !pckNotYetValid) return;
  const parts = [...new Set([...(pckNotYetValid ? ['pckCertificate'] : []), ...expired, ...notYetValid])];
  refuseEvidence(`The collateral is not of this time: ${parts.join(', ')}.`, { rule: 'collateral-dates', parts });
}

/** What the tenant takes at its baseline. @throws ATTESTATION_EVIDENCE_REFUSED */
export function requireAcceptableQuote(verdict: QuoteVerdict, { baseline, softwareRoots }: AttestContext): void {
  const { root, status, advisoryIds, shortfall } = verdict;
  // The verifier has only the roots of the tenant: this stands here in case it is ever given more.
  if (root.kind === 'software' && !softwareRoots.has(root.fingerprint)) {
    refuseEvidence('The evidence is that of a software platform which this tenant does not list.', {
      rule: 'software-root',
    });
  }
  if (!baseline.acceptedStatuses.has(status)) {
    const message = `The TCB status of the platform is ${status}, which this tenant does not accept.`;
    refuseEvidence(message, { rule: 'tcb-status', status, advisoryIds, shortfall });
  }
}
