import type { RevocationList } from '@enclos/codec/x509';
import type { P256Certificate } from '../x509/p256-certificate.ts';
import { equalBytes, toHex } from '@enclos/codec';
import { checkEndEntity, namesMatch } from '../x509/chain-rules.ts';
import { verifySignature, type Steps } from '../crypto/crypto-steps.ts';
import { isNamedRoot, verifyRoot, type PckChain } from './pck-chain.ts';
import { refuse, type RefusalStatus } from '../refusal/refusal.ts';
import { isRevoked, verifyRevocationList } from '../x509/revocation.ts';
import type { SignedBody } from './tcb/signed-body.ts';
import type { StepId } from '../refusal/steps.ts';

export interface SigningOptions {
  /** The step of the chain. */
  readonly step: StepId;
  readonly rootCrl: RevocationList;
  /** Its root is verified, and the root CRL under it. */
  readonly pckChain: PckChain;
}

/**
 * Verifies the chain of a TCB signing certificate in the order of QVL's
 * TCBSigningChain. The root CRL applies to it as to the PCK CA.
 *
 * @returns the signing certificate.
 */
export function* verifySigningChain(
  chain: readonly P256Certificate[],
  options: SigningOptions,
): Steps<P256Certificate> {
  const { step, rootCrl, pckChain } = options;
  const [signer, root] = chain;
  if (chain.length !== 2 || signer === undefined || root === undefined) {
    refuse(step, 'UNSUPPORTED_CERT_FORMAT', `The signing chain has ${chain.length} certificates, not 2.`);
  }
  if (!isNamedRoot(root)) refuse(step, 'SGX_ROOT_CA_MISSING', 'The signing chain does not end in an SGX root.');
  const isVerifiedRoot = equalBytes(root.encoded, pckChain.root.encoded);
  if (!isVerifiedRoot) yield* verifyRoot(root, step);
  if (!signer.subject.commonName.includes('SGX TCB Signing')) {
    refuse(step, 'SGX_TCB_SIGNING_CERT_MISSING', 'The signing chain does not start with a TCB signing certificate.');
  }
  yield* verifySigner(signer, root, options);
  if (!isVerifiedRoot) yield* verifyRevocationList(rootCrl, root, step);
  if (isRevoked(signer, rootCrl)) {
    refuse(step, 'SGX_TCB_SIGNING_CERT_REVOKED', 'The TCB signing certificate is revoked.');
  }
  if (toHex(root.publicKey) !== pckChain.trustedRoot.publicKey) {
    refuse(step, 'SGX_TCB_SIGNING_CERT_CHAIN_UNTRUSTED', 'The signing chain ends in another root than the PCK chain.');
  }
  return signer;
}

/** Verifies that `signer` signed the exact text of a body. */
export function* verifyBody(
  body: SignedBody<unknown>,
  signer: P256Certificate,
  refusal: { readonly step: StepId; readonly status: RefusalStatus },
): Steps<void> {
  if (!(yield* verifySignature(signer.publicKey, body.signature, body.signedBytes))) {
    refuse(refusal.step, refusal.status, 'The signature does not cover this text.');
  }
}

function* verifySigner(signer: P256Certificate, root: P256Certificate, { step }: SigningOptions): Steps<void> {
  if (!checkEndEntity(signer)) {
    refuse(
      step,
      'SGX_TCB_SIGNING_CERT_INVALID_EXTENSIONS',
      'The extensions of the TCB signing certificate are not those of one.',
    );
  }
  const isIssued =
    namesMatch(signer, root) && (yield* verifySignature(root.publicKey, signer.signature, signer.signedBytes));
  if (!isIssued) {
    refuse(step, 'SGX_TCB_SIGNING_CERT_INVALID_ISSUER', 'The TCB signing certificate is not issued by the root.');
  }
}
