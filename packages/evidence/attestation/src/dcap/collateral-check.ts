import { utf8 } from '@enclos/codec';
import { runAsync, type Subtle } from '../crypto/web-crypto.ts';
import { isRevoked } from '../x509/revocation.ts';
import type { DateRange, DocumentPart } from './collateral-dates.ts';
import type { Endorsements } from './collateral.ts';
import { partsOf } from './endorsements.ts';
import { verifyPlatform } from './platform-chain.ts';
import type { TrustedRoot } from './roots.ts';

export interface CheckCollateralOptions {
  /** The certificates of the platform that the collateral is for: PEM, leaf first. */
  readonly pckChain: string;
  readonly roots: readonly TrustedRoot[];
  /** WebCrypto; `globalThis.crypto.subtle` unless given. */
  readonly subtle?: Subtle;
}

export interface CheckedCollateral {
  /** Issue and end of each document: for the caller to judge. */
  readonly documents: Readonly<Record<DocumentPart, DateRange>>;
  /** Whether the vendor has revoked the certificate of the platform, or of its issuer. */
  readonly isPlatformRevoked: boolean;
}

/**
 * Checks who signed collateral, without a quote: for a party that hands it out, revocations included.
 * @throws EVIDENCE_REFUSED, as `verifyQuote` in steps 2 to 14; VERIFIER_MISUSED for arguments that make no sense.
 */
export async function checkCollateral(
  endorsements: Endorsements,
  { pckChain, roots, subtle }: CheckCollateralOptions,
): Promise<CheckedCollateral> {
  const parts = partsOf(endorsements);
  const steps = verifyPlatform(utf8(pckChain), parts, roots, { refusesRevoked: false });
  const { chain, window } = await runAsync(steps, subtle ?? globalThis.crypto?.subtle);
  const isPlatformRevoked = isRevoked(chain.intermediate, parts.rootCrl) || isRevoked(chain.pck, parts.pckCrl);
  const { rootCrl, pckCrl, tcbInfo, qeIdentity } = window.dates.parts;
  return Object.freeze({ documents: { rootCrl, pckCrl, tcbInfo, qeIdentity }, isPlatformRevoked });
}
