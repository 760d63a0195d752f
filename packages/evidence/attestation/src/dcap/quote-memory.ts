import type { Quote } from '@enclos/sgx';
import type { Steps } from '../crypto/crypto-steps.ts';
import type { EndorsementParts } from './collateral.ts';
import { requireTrust, verifyPlatform, type VerifiedPlatform } from './platform-chain.ts';
import { carriedChain } from './quote-evidence.ts';
import { verifyQeReportBinding, verifyQeReportSignature } from './quoting-enclave.ts';
import type { TrustedRoot } from './roots.ts';
import type { CacheParts } from './verifier-cache.ts';

// What was found good before of the very bytes of a quote and its collateral. It skips work, and decides nothing: every
// step that is skipped has passed for the same bytes, and the caller's trust in the root is asked for each time.

/** One quote, its collateral, and what was verified before. */
export interface QuoteMemory {
  readonly quote: Quote;
  readonly parts: EndorsementParts;
  readonly cache: CacheParts;
}

const noBytes = new Uint8Array();

/** The platform of a quote whose bytes have passed steps 2 to 14, 17 and 18. */
export function recallPlatform({ quote, parts, cache }: QuoteMemory): VerifiedPlatform | undefined {
  return cache.quotingEnclaves.get(parts.identity, quote.signature.certifyingBytes);
}

/** Steps 2 to 14; of a PCK chain that has passed them, step 6. */
export function* verifyNewPlatform(
  { quote, parts, cache }: QuoteMemory,
  roots: readonly TrustedRoot[],
): Steps<VerifiedPlatform> {
  const carried = carriedChain(quote);
  const known = cache.pckChains.get(parts.identity, carried ?? noBytes);
  if (known !== undefined) return requireTrust(known, roots);
  const platform = yield* verifyPlatform(carried, parts, roots);
  cache.pckChains.set(parts.identity, carried ?? noBytes, platform);
  return platform;
}

/** Steps 17 and 18. */
export function* verifyNewQuotingEnclave(
  { quote: { signature }, parts, cache }: QuoteMemory,
  platform: VerifiedPlatform,
): Steps<void> {
  // 17. qe-report-signature
  yield* verifyQeReportSignature(signature, platform.chain.pck);
  // 18. qe-report-binding
  yield* verifyQeReportBinding(signature);
  cache.quotingEnclaves.set(parts.identity, signature.certifyingBytes, platform);
}
