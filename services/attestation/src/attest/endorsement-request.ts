import type { EndorsementFacts } from '@enclos/endorsements';

/** What the enclave asks its host for: endorsements for one platform. */
export interface EndorsementRequest {
  /** As the evidence names its platform; unverified. */
  readonly facts: EndorsementFacts;
  /** Which baseline, for Intel's platforms and software. One of the two, or none for `standard`. */
  readonly update?: 'early' | 'standard';
  readonly evaluationNumber?: number;
}

/**
 * The host's `endorsements`: for quotes the JSON of a `QuoteCollateral`, for reports of SEV-SNP that of a
 * `SnpCollateral` of `@enclos/endorsements`. Nothing when no source has them. What comes is untrusted.
 */
export type EndorsementSource = (request: EndorsementRequest) => Promise<Uint8Array | undefined>;

/** The last text for a platform: the facts of one that is known are the same object, and most ask for one baseline of it. */
const lastTexts = new WeakMap<EndorsementFacts, { readonly request: EndorsementRequest; readonly text: string }>();

/** The JSON text of a request, as it crosses the boundary: the same text for the same request. */
export function endorsementRequestText(request: EndorsementRequest): string {
  const { facts, update, evaluationNumber } = request;
  const last = lastTexts.get(facts);
  const isSame = last?.request.update === update && last?.request.evaluationNumber === evaluationNumber;
  if (last !== undefined && isSame) return last.text;
  const text = JSON.stringify({ facts, update, evaluationNumber });
  lastTexts.set(facts, { request, text });
  return text;
}
