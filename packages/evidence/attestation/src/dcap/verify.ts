import type { Endorsements } from './collateral.ts';
import { verification, type VerificationOptions } from './verification.ts';
import type { QuoteVerdict } from './verdict.ts';
import { cacheFor } from './verifier-cache.ts';
import { runAsync, type Subtle } from '../crypto/web-crypto.ts';

export interface VerifyOptions extends VerificationOptions {
  /** WebCrypto; `globalThis.crypto.subtle` unless given. */
  readonly subtle?: Subtle;
}

/**
 * Verifies a DCAP quote of SGX or TDX, version 3, 4 or 5, against its
 * collateral, in the steps of `verificationSteps`. The TCB status and expired
 * collateral do not refuse a quote: they are facts in the verdict, for
 * `appraise` to judge. `verifyQuoteSync` of `@enclos/attestation/node` does the same.
 *
 * @throws EVIDENCE_REFUSED; `details.step` and `details.status` say why.
 * @throws VERIFIER_MISUSED for arguments that make no sense.
 * @example
 * ```ts
 * import { INTEL_SGX_ROOT, parseCollateral, verifyQuote, type QuoteVerdict } from '@enclos/attestation';
 *
 * export async function check(quote: Uint8Array, collateral: unknown): Promise<QuoteVerdict> {
 *   return verifyQuote(quote, parseCollateral(collateral), { roots: [INTEL_SGX_ROOT], now: new Date() });
 * }
 * ```
 */
export async function verifyQuote(
  quote: Uint8Array,
  endorsements: Endorsements,
  options: VerifyOptions,
): Promise<QuoteVerdict> {
  return runAsync(
    verification(quote, endorsements, { ...options, cache: options.cache ?? cacheFor(options.subtle) }),
    options.subtle ?? globalThis.crypto?.subtle,
  );
}
