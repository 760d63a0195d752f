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

/** The JSON text of a request, as it crosses the boundary: the same text for the same request. */
export function endorsementRequestText({ facts, update, evaluationNumber }: EndorsementRequest): string {
  return JSON.stringify({ facts, update, evaluationNumber });
}
