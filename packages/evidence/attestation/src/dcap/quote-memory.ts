import type { Quote } from '@enclos/sgx';
import type { Steps } from '../crypto/crypto-steps.ts';
import type { EndorsementParts } from './collateral.ts';
import { requireTrust, verifyPlatform, type CertifiedPlatform, type VerifiedPlatform } from './platform-chain.ts';
import { carriedChain } from './quote-evidence.ts';
import { matchQeIdentity, verifyQeReportBinding, verifyQeReportSignature } from './quoting-enclave.ts';
import type { TrustedRoot } from './roots.ts';
import { evaluateTcb } from './tcb/tcb-evaluation.ts';
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

/** The platform of a quote whose bytes have passed steps 2 to 14 and 17 to 19; which TEE it must be of, step 15 asks again. */
export function recallPlatform({ quote, parts, cache }: QuoteMemory): CertifiedPlatform | undefined {
  return cache.quotingEnclaves.get(parts.identity, quote.signature.certifyingBytes);
}

/** Steps 2 to 14; of a PCK chain that has passed them, step 6. */
export function* verifyNewPlatform(
  { quote, parts, cache }: QuoteMemory,
  roots: readonly TrustedRoot[],
): Steps<VerifiedPlatform> {
  const carried = carriedChain(quote);
  const { identity, pckChain = identity } = parts;
  // What is supplied has another owner than what is carried: a quote that claims to carry a chain may carry no byte of one.
  const owner = carried === undefined ? pckChain : identity;
  const known = cache.pckChains.get(owner, carried ?? noBytes);
  if (known !== undefined) return requireTrust(known, roots);
  const platform = yield* verifyPlatform(carried, parts, roots);
  cache.pckChains.set(owner, carried ?? noBytes, platform);
  return platform;
}

/** Steps 17 to 19. */
export function* verifyNewQuotingEnclave(memory: QuoteMemory, platform: VerifiedPlatform): Steps<CertifiedPlatform> {
  const { quote, parts, cache } = memory;
  const { signature } = quote;
  const tcbInfo = parts.tcbInfo.value;
  const qeIdentity = parts.qeIdentity.value;
  // 17. qe-report-signature
  yield* verifyQeReportSignature(signature, platform.chain.pck);
  // 18. qe-report-binding
  yield* verifyQeReportBinding(signature);
  // 19. qe-identity-match
  matchQeIdentity(quote, qeIdentity);
  const inputs = { platform: platform.chain.platform, qeIsvSvn: signature.qeReport.isvSvn, tcbInfo, qeIdentity };
  const certified = { ...platform, inputs, tcb: evaluateTcb(inputs) };
  cache.quotingEnclaves.set(parts.identity, signature.certifyingBytes, certified);
  return certified;
}
