import { equalBytes } from '@enclos/codec';
import type { ContentMap } from '../crypto/content-map.ts';
import { collateralWindow, type CollateralWindow } from './collateral-dates.ts';
import type { Steps } from '../crypto/crypto-steps.ts';
import type { EndorsementParts } from './endorsements.ts';
import { refuseRoot, verifyPckChain, type PckChain } from './pck-chain.ts';
import { readPckChain } from './quote-evidence.ts';
import { isTrusted, type TrustedRoot } from './roots.ts';
import { verifyBody, verifySigningChain } from './signing-chain.ts';

const noBytes = new Uint8Array();

/** A PCK chain, and the dates of all that it was verified with. */
export interface VerifiedPlatform {
  readonly chain: PckChain;
  readonly window: CollateralWindow;
}

/**
 * Verifies a PCK chain, and with it the collateral that it is judged by. All of
 * it but the caller's trust in the root depends on these bytes alone, so that
 * what is in `known` is only asked for its root again.
 *
 * @param carried the PEM text in the quote; undefined for a chain that came with the collateral.
 */
export function* verifyPlatform(
  carried: Uint8Array | undefined,
  parts: EndorsementParts,
  { roots, known }: { readonly roots: readonly TrustedRoot[]; readonly known: ContentMap<VerifiedPlatform> },
): Steps<VerifiedPlatform> {
  const verified = known.get(parts.identity, carried ?? noBytes);
  if (verified !== undefined) return requireTrust(verified, roots);
  const chain = yield* verifyPckChain(readPckChain(carried, parts.pckChain), parts, roots);
  yield* verifyCollateral(chain, parts);
  const platform = Object.freeze({ chain, window: collateralWindow(chain, parts) });
  known.set(parts.identity, carried ?? noBytes, platform);
  return platform;
}

/** What is left to ask of a platform that was verified for somebody before. @throws as `isTrusted`, and EVIDENCE_REFUSED. */
export function requireTrust(platform: VerifiedPlatform, roots: readonly TrustedRoot[]): VerifiedPlatform {
  return isTrusted(platform.chain.trustedRoot, roots) ? platform : refuseRoot();
}

function* verifyCollateral(pckChain: PckChain, parts: EndorsementParts): Steps<void> {
  const { rootCrl, tcbInfo, tcbInfoChain, qeIdentity, qeIdentityChain } = parts;
  const tcbSigner = yield* verifySigningChain(tcbInfoChain, { step: 'tcb-signing-chain', rootCrl, pckChain });
  yield* verifyBody(tcbInfo, tcbSigner, { step: 'tcb-info-signature', status: 'TCB_INFO_INVALID_SIGNATURE' });
  const isSameChain =
    tcbInfoChain.length === qeIdentityChain.length &&
    tcbInfoChain.every(({ encoded }, index) =>
      equalBytes(encoded, qeIdentityChain[index]?.encoded ?? new Uint8Array()),
    );
  const qeSigner = isSameChain
    ? tcbSigner
    : yield* verifySigningChain(qeIdentityChain, { step: 'qe-identity-signing-chain', rootCrl, pckChain });
  yield* verifyBody(qeIdentity, qeSigner, {
    step: 'qe-identity-signature',
    status: 'SGX_ENCLAVE_IDENTITY_INVALID_SIGNATURE',
  });
}
