import type { P256Certificate } from '../x509/p256-certificate.ts';
import { equalBytes } from '@enclos/codec';
import type { Steps } from '../crypto/crypto-steps.ts';
import { isRevoked, verifyRevocationList } from '../x509/revocation.ts';
import { collateralWindow, type CollateralWindow } from './collateral-dates.ts';
import type { EndorsementParts } from './collateral.ts';
import { checkShape, verifyIntermediate, verifyPck, verifyRoot, type PckChain } from './pck-chain.ts';
import { readPckChain } from './quote-evidence.ts';
import { refuse } from '../refusal/refusal.ts';
import { findRoot, isTrusted, type TrustedRoot } from './roots.ts';
import { verifyBody, verifySigningChain } from './signing-chain.ts';
import type { TcbEvaluation } from './tcb/tcb-evaluation.ts';
import type { TcbInputs } from './tcb/tcb-inputs.ts';

/** A PCK chain, and the dates of everything that it was verified with. */
export interface VerifiedPlatform {
  readonly chain: PckChain;
  readonly window: CollateralWindow;
}

/** A platform, and a quoting enclave of it that has passed steps 17 to 19. */
export interface CertifiedPlatform extends VerifiedPlatform {
  readonly inputs: TcbInputs;
  /** What they amount to for SGX; a TD has versions of its own beside them. */
  readonly tcb: TcbEvaluation;
}

/**
 * Steps 2 to 14: verifies a PCK chain in the order of QVL's PckCertVerifier, and with it the collateral that it is judged by.
 * Everything except the caller's trust in the root depends on these bytes alone.
 *
 * @param options `refusesRevoked`: false for a caller that tells of a revocation itself; steps 9 and 10 refuse nothing then.
 * @param carried the PEM text in the quote; undefined for a chain that came with the collateral.
 */
export function* verifyPlatform(
  carried: Uint8Array | undefined,
  parts: EndorsementParts,
  roots: readonly TrustedRoot[],
  { refusesRevoked = true }: { readonly refusesRevoked?: boolean } = {},
): Steps<VerifiedPlatform> {
  const { rootCrl, pckCrl } = parts;
  // 2. pck-chain-shape
  const { pck, intermediate, root } = checkShape(readPckChain(carried, parts.pckChain));
  // 3. root-certificate
  yield* verifyRoot(root, 'root-certificate');
  // 4. intermediate-certificate
  yield* verifyIntermediate(intermediate, root);
  // 5. pck-certificate
  const platform = yield* verifyPck(pck, intermediate);
  // 6. trusted-root
  const trustedRoot = (yield* findRoot(roots, root.publicKey)) ?? refuseRoot();
  // 7. root-crl
  yield* verifyRevocationList(rootCrl, root, 'root-crl');
  // 8. pck-crl
  yield* verifyRevocationList(pckCrl, intermediate, 'pck-crl');
  // 9. intermediate-revocation
  if (refusesRevoked && isRevoked(intermediate, rootCrl)) {
    refuse('intermediate-revocation', 'SGX_INTERMEDIATE_CA_REVOKED', 'The PCK CA is revoked.');
  }
  // 10. pck-revocation
  if (refusesRevoked && isRevoked(pck, pckCrl)) {
    refuse('pck-revocation', 'SGX_PCK_REVOKED', 'The PCK certificate of the platform is revoked.');
  }
  const chain = { pck, intermediate, root, trustedRoot, platform };
  // 11 to 14
  yield* verifyCollateral(chain, parts);
  return Object.freeze({ chain, window: collateralWindow(chain, parts) });
}

/** Step 6 again, which is all that is left to ask of a platform that was verified before. @throws as `isTrusted`, and EVIDENCE_REFUSED. */
export function requireTrust(platform: VerifiedPlatform, roots: readonly TrustedRoot[]): VerifiedPlatform {
  return isTrusted(platform.chain.trustedRoot, roots) ? platform : refuseRoot();
}

function refuseRoot(): never {
  return refuse('trusted-root', 'SGX_PCK_CERT_CHAIN_UNTRUSTED', 'The chain ends in a root that is not trusted here.');
}

function* verifyCollateral(pckChain: PckChain, parts: EndorsementParts): Steps<void> {
  const { rootCrl, tcbInfo, tcbInfoChain, qeIdentity, qeIdentityChain } = parts;
  // 11. tcb-signing-chain
  const tcbSigner = yield* verifySigningChain(tcbInfoChain, { step: 'tcb-signing-chain', rootCrl, pckChain });
  // 12. tcb-info-signature
  yield* verifyBody(tcbInfo, tcbSigner, { step: 'tcb-info-signature', status: 'TCB_INFO_INVALID_SIGNATURE' });
  // 13. qe-identity-signing-chain. The same chain gives the same result.
  const qeSigner = isSameChain(tcbInfoChain, qeIdentityChain)
    ? tcbSigner
    : yield* verifySigningChain(qeIdentityChain, { step: 'qe-identity-signing-chain', rootCrl, pckChain });
  // 14. qe-identity-signature
  yield* verifyBody(qeIdentity, qeSigner, {
    step: 'qe-identity-signature',
    status: 'SGX_ENCLAVE_IDENTITY_INVALID_SIGNATURE',
  });
}

function isSameChain(one: readonly P256Certificate[], other: readonly P256Certificate[]): boolean {
  return (
    one.length === other.length &&
    one.every(({ encoded }, index) => equalBytes(encoded, other[index]?.encoded ?? new Uint8Array()))
  );
}
