import { concatBytes, equalBytes } from '@enclos/codec';
import type { ContentMap } from './content-map.ts';
import { collateralWindow, type CollateralWindow } from './collateral-dates.ts';
import type { Steps } from './crypto-steps.ts';
import type { EndorsementParts } from './endorsements.ts';
import { refuseRoot, verifyPckChain, type PckChain } from './pck-chain.ts';
import { readPckChain } from './quote-evidence.ts';
import { isTrusted, type TrustedRoot } from './roots.ts';
import { verifyBody, verifySigningChain } from './signing-chain.ts';

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
  const key = concatBytes(parts.id, carried ?? new Uint8Array());
  const verified = known.get(key);
  if (verified !== undefined) return isTrusted(verified.chain.trustedRoot, roots) ? verified : refuseRoot();
  const chain = yield* verifyPckChain(readPckChain(carried, parts.pckChain), parts, roots);
  yield* verifyCollateral(chain, parts);
  const platform = Object.freeze({ chain, window: collateralWindow(chain, parts) });
  known.set(key, platform);
  return platform;
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
