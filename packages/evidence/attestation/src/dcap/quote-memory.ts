import type { Quote } from '@enclos/sgx';
import type { Steps } from '../crypto/crypto-steps.ts';
import type { EndorsementParts } from './collateral.ts';
import { requireTrust, verifyPlatform, type VerifiedPlatform } from './platform-chain.ts';
import { carriedChain } from './quote-evidence.ts';
import { verifyQeReportBinding, verifyQeReportSignature } from './quoting-enclave.ts';
import type { TrustedRoot } from './roots.ts';
import type { CacheParts } from './verifier-cache.ts';

const noBytes = new Uint8Array();

/**
 * What was found good before of the very bytes of one quote and its collateral.
 * It skips work, and decides nothing: every step that is skipped has passed for
 * the same bytes, and the caller's trust in the root is asked for each time.
 */
export class QuoteMemory {
  readonly #cache: CacheParts;
  readonly #parts: EndorsementParts;
  readonly #quote: Quote;
  /** The quoting enclave of this quote was verified, with its platform. */
  readonly #known: VerifiedPlatform | undefined;

  constructor(cache: CacheParts, parts: EndorsementParts, quote: Quote) {
    this.#cache = cache;
    this.#parts = parts;
    this.#quote = quote;
    this.#known = cache.quotingEnclaves.get(parts.identity, quote.signature.certifyingBytes);
  }

  /** Steps 2 to 14; of bytes that have passed them, step 6. */
  *verifyPlatform(roots: readonly TrustedRoot[]): Steps<VerifiedPlatform> {
    const { pckChains } = this.#cache;
    const { identity } = this.#parts;
    const carried = carriedChain(this.#quote);
    const known = this.#known ?? pckChains.get(identity, carried ?? noBytes);
    if (known !== undefined) return requireTrust(known, roots);
    const platform = yield* verifyPlatform(carried, this.#parts, roots);
    pckChains.set(identity, carried ?? noBytes, platform);
    return platform;
  }

  /** Steps 17 and 18, unless these bytes have passed them. */
  *verifyQuotingEnclave(platform: VerifiedPlatform): Steps<void> {
    if (this.#known !== undefined) return;
    const { signature } = this.#quote;
    // 17. qe-report-signature
    yield* verifyQeReportSignature(signature, platform.chain.pck);
    // 18. qe-report-binding
    yield* verifyQeReportBinding(signature);
    this.#cache.quotingEnclaves.set(this.#parts.identity, signature.certifyingBytes, platform);
  }
}
