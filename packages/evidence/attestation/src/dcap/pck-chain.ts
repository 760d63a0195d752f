import { ExtensionId } from '@enclos/codec/x509';
import type { P256Certificate } from '../x509/p256-certificate.ts';
import { checkAuthority, checkEndEntity, namesMatch } from '../x509/chain-rules.ts';
import { verifySignature, type Steps } from '../crypto/crypto-steps.ts';
import { orRefuse, refuse } from '../refusal/refusal.ts';
import type { TrustedRoot } from './roots.ts';
import { parseSgxExtension, type PckPlatform } from './tcb/sgx-extension.ts';
import type { StepId } from '../refusal/steps.ts';

/** The chain of a PCK certificate up to a root that the caller trusts. */
export interface PckChain {
  readonly pck: P256Certificate;
  readonly intermediate: P256Certificate;
  readonly root: P256Certificate;
  readonly trustedRoot: TrustedRoot;
  readonly platform: PckPlatform;
}

/** Step 3, and a part of 11 and 13: QVL's CommonVerifier::verifyRootCACert, with the extension rules that QVL leaves out. */
export function* verifyRoot(root: P256Certificate, step: StepId): Steps<void> {
  if (!checkAuthority(root, 1)) {
    refuse(step, 'SGX_ROOT_CA_INVALID_EXTENSIONS', 'The root is not an authority over a PCK CA.');
  }
  if (!(yield* verifySignature(root.publicKey, root.signature, root.signedBytes))) {
    refuse(step, 'SGX_ROOT_CA_INVALID_ISSUER', 'The root is not signed by itself.');
  }
}

/** True for a certificate that names itself as its issuer, and has the name of a root. */
export function isNamedRoot(certificate: P256Certificate): boolean {
  return namesMatch(certificate, certificate) && certificate.subject.commonName.includes('SGX Root CA');
}

/** Step 2. */
export function checkShape(chain: readonly P256Certificate[]): Pick<PckChain, 'pck' | 'intermediate' | 'root'> {
  const step = 'pck-chain-shape';
  const [pck, intermediate, root] = chain;
  if (chain.length !== 3 || pck === undefined || intermediate === undefined || root === undefined) {
    refuse(step, 'UNSUPPORTED_CERT_FORMAT', `The PCK chain has ${chain.length} certificates, not 3.`);
  }
  if (!isNamedRoot(root)) refuse(step, 'SGX_ROOT_CA_MISSING', 'The PCK chain does not end in an SGX root.');
  // QVL: getIntermediateCert passes over what names itself as its issuer.
  if (!intermediate.subject.commonName.includes('CA') || namesMatch(intermediate, intermediate)) {
    refuse(step, 'SGX_INTERMEDIATE_CA_MISSING', 'The second certificate of the PCK chain is not a PCK CA.');
  }
  if (!pck.subject.commonName.includes('SGX PCK Certificate')) {
    refuse(step, 'SGX_PCK_MISSING', 'The first certificate of the PCK chain is not a PCK certificate.');
  }
  return { pck, intermediate, root };
}

/** Step 4. */
export function* verifyIntermediate(intermediate: P256Certificate, root: P256Certificate): Steps<void> {
  const step = 'intermediate-certificate';
  if (!checkAuthority(intermediate, 0)) {
    refuse(step, 'SGX_INTERMEDIATE_CA_INVALID_EXTENSIONS', 'The PCK CA is not an authority.');
  }
  const isIssued =
    namesMatch(intermediate, root) &&
    (yield* verifySignature(root.publicKey, intermediate.signature, intermediate.signedBytes));
  if (!isIssued) refuse(step, 'SGX_INTERMEDIATE_CA_INVALID_ISSUER', 'The PCK CA is not issued by the root.');
}

/** Step 5. */
export function* verifyPck(pck: P256Certificate, intermediate: P256Certificate): Steps<PckPlatform> {
  const step = 'pck-certificate';
  const extension = pck.extensions.get(ExtensionId.sgx);
  if (!checkEndEntity(pck) || extension === undefined) {
    refuse(step, 'SGX_PCK_INVALID_EXTENSIONS', 'The extensions of the PCK certificate are not those of one.');
  }
  const platform = orRefuse(
    () => parseSgxExtension(extension),
    (cause) =>
      refuse(step, 'SGX_PCK_INVALID_EXTENSIONS', `The SGX extension of the PCK certificate: ${cause.message}`, cause),
  );
  const isIssued =
    namesMatch(pck, intermediate) && (yield* verifySignature(intermediate.publicKey, pck.signature, pck.signedBytes));
  if (!isIssued) refuse(step, 'SGX_PCK_INVALID_ISSUER', 'The PCK certificate is not issued by the PCK CA.');
  return platform;
}
