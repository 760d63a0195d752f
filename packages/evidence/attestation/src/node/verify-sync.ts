import type { Endorsements } from '../dcap/collateral.ts';
import { verification, type VerificationOptions } from '../dcap/verification.ts';
import type { QuoteVerdict } from '../dcap/verdict.ts';
import { cacheFor } from '../dcap/verifier-cache.ts';
import { runSync, type SyncCrypto } from '../crypto/node-crypto.ts';

export interface VerifySyncOptions extends VerificationOptions {
  /** node:crypto unless given. */
  readonly crypto?: SyncCrypto;
}

/**
 * `verifyQuote` of the main entry, without a promise: the same steps, refusals and verdict.
 *
 * @throws EVIDENCE_REFUSED; `details.step` and `details.status` say why.
 * @throws VERIFIER_MISUSED for arguments that make no sense.
 */
export function verifyQuoteSync(
  quote: Uint8Array,
  endorsements: Endorsements,
  options: VerifySyncOptions,
): QuoteVerdict {
  return runSync(
    verification(quote, endorsements, { ...options, cache: options.cache ?? cacheFor(options.crypto) }, true),
    options.crypto,
  );
}
