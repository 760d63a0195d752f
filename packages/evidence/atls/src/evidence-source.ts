import { utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { misused } from './errors.ts';
import { maximumBytes } from './protocol/messages.ts';

/** What an attester shows: a quote or report of its platform. */
export interface SourcedEvidence {
  readonly quote: Uint8Array;
  /** Collateral or certificates to send along; the peer may use them. */
  readonly endorsements?: Uint8Array | string | undefined;
}

/**
 * Makes evidence over 64 bytes of report data: `quoteReportData` of
 * `@enclos/enclave`, or the attester of another platform.
 */
export type EvidenceSource = (reportData: Uint8Array) => Promise<Uint8Array | SourcedEvidence>;

export interface MadeEvidence {
  readonly quote: Uint8Array;
  readonly endorsements: Uint8Array;
}

/** @throws ATLS_EVIDENCE_UNAVAILABLE, and ATLS_MISUSED for evidence that no peer would take. */
export async function makeEvidence(source: EvidenceSource, reportData: Uint8Array): Promise<MadeEvidence> {
  let made: Uint8Array | SourcedEvidence;
  try {
    made = await source(reportData);
  } catch (cause) {
    throw new EnclosError('ATLS_EVIDENCE_UNAVAILABLE', undefined, { cause });
  }
  const { quote, endorsements = new Uint8Array() } = made instanceof Uint8Array ? { quote: made } : made;
  const bytes = typeof endorsements === 'string' ? utf8(endorsements) : endorsements;
  const isSendable = quote.length > 0 && quote.length <= maximumBytes.quote;
  if (!isSendable) misused('The evidence function made no quote, or one too large.');
  if (bytes.length > maximumBytes.endorsements) misused('The endorsements are too large to be sent along.');
  return { quote, endorsements: bytes };
}
