import type { Quote } from '@enclos/sgx';
import type { Steps } from '../crypto/crypto-steps.ts';
import type { EndorsementParts } from './collateral.ts';
import { requireTrust, verifyPlatform, type VerifiedPlatform } from './platform-chain.ts';
import { carriedChain } from './quote-evidence.ts';
import { verifyQeReportBinding, verifyQeReportSignature } from './quoting-enclave.ts';
import type { TrustedRoot } from './roots.ts';
import type { CacheParts } from './verifier-cache.ts';

/** The steps of one quote that the same bytes may have passed before. */
export interface QuoteMemory {
  /** Steps 2 to 14; of bytes that have passed them, step 6. */
  readonly verifyPlatform: (roots: readonly TrustedRoot[]) => Steps<VerifiedPlatform>;
  /** Steps 17 and 18, unless these bytes have passed them. */
  readonly verifyQuotingEnclave: (platform: VerifiedPlatform) => Steps<void>;
}

const noBytes = new Uint8Array();

/**
 * What was found good before of the very bytes of one quote and its collateral.
 * It skips work, and decides nothing: every step that is skipped has passed for
 * the same bytes, and the caller's trust in the root is asked for each time.
 */
export function quoteMemory(
  { pckChains, quotingEnclaves }: CacheParts,
  parts: EndorsementParts,
  quote: Quote,
): QuoteMemory {
  const { identity } = parts;
  const { signature } = quote;
  const { certifyingBytes } = signature;
  const known = quotingEnclaves.get(identity, certifyingBytes);
  return {
    *verifyPlatform(roots) {
      const carried = carriedChain(quote);
      const platform = known ?? pckChains.get(identity, carried ?? noBytes);
      if (platform !== undefined) return requireTrust(platform, roots);
      const verified = yield* verifyPlatform(carried, parts, roots);
      pckChains.set(identity, carried ?? noBytes, verified);
      return verified;
    },
    *verifyQuotingEnclave(platform) {
      if (known !== undefined) return;
      // 17. qe-report-signature
      yield* verifyQeReportSignature(signature, platform.chain.pck);
      // 18. qe-report-binding
      yield* verifyQeReportBinding(signature);
      quotingEnclaves.set(identity, certifyingBytes, platform);
    },
  };
}
