import { checkAuthority, checkEndEntity, namesMatch } from './chain-rules.ts';
import { ExtensionId } from './certificate-extensions.ts';
import type { Certificate } from './certificate.ts';
import type { EndorsementParts } from './endorsements.ts';
import { orRefuse, refuse } from './refusal.ts';
import { isRevoked, verifyRevocationList } from './revocation.ts';
import { findRoot, type TrustedRoot } from './roots.ts';
import { parseSgxExtension, type PckPlatform } from './sgx-extension.ts';
import type { Signatures } from './signatures.ts';
import type { StepId } from './steps.ts';

/** The chain of a PCK certificate up to a root that the caller trusts. */
export interface PckChain {
  readonly pck: Certificate;
  readonly intermediate: Certificate;
  readonly root: Certificate;
  readonly trustedRoot: TrustedRoot;
  readonly platform: PckPlatform;
}

export interface ChainOptions {
  readonly roots: readonly TrustedRoot[];
  readonly signatures: Signatures;
}

/** Verifies a PCK chain in the order of QVL's PckCertVerifier. */
export async function verifyPckChain(
  chain: readonly Certificate[],
  { rootCrl, pckCrl }: EndorsementParts,
  { roots, signatures }: ChainOptions,
): Promise<PckChain> {
  const { pck, intermediate, root } = shapeOf(chain);
  await verifyRoot(root, { step: 'root-certificate', signatures });
  await verifyIntermediate(intermediate, root, signatures);
  const platform = await verifyPck(pck, intermediate, signatures);
  const trustedRoot =
    (await findRoot(roots, root.publicKey, signatures.sha256)) ??
    refuse('trusted-root', 'SGX_PCK_CERT_CHAIN_UNTRUSTED', 'The chain ends in a root that is not trusted here.');
  await verifyRevocationList(rootCrl, root, { step: 'root-crl', signatures });
  await verifyRevocationList(pckCrl, intermediate, { step: 'pck-crl', signatures });
  if (isRevoked(intermediate, rootCrl)) {
    refuse('intermediate-revocation', 'SGX_INTERMEDIATE_CA_REVOKED', 'The PCK CA is revoked.');
  }
  if (isRevoked(pck, pckCrl)) {
    refuse('pck-revocation', 'SGX_PCK_REVOKED', 'The PCK certificate of the platform is revoked.');
  }
  return { pck, intermediate, root, trustedRoot, platform };
}

/** QVL's CommonVerifier::verifyRootCACert, with the extension rules that QVL leaves out. */
export async function verifyRoot(
  root: Certificate,
  { step, signatures }: { readonly step: StepId; readonly signatures: Signatures },
): Promise<void> {
  if (!checkAuthority(root, 1)) {
    refuse(step, 'SGX_ROOT_CA_INVALID_EXTENSIONS', 'The root is not an authority over a PCK CA.');
  }
  if (!(await signatures.verify(root.publicKey, root.signature, root.signedBytes))) {
    refuse(step, 'SGX_ROOT_CA_INVALID_ISSUER', 'The root is not signed by itself.');
  }
}

/** True for a certificate that names itself as its issuer, and has the name of a root. */
export function isNamedRoot(certificate: Certificate): boolean {
  return namesMatch(certificate, certificate) && certificate.subject.commonName.includes('SGX Root CA');
}

function shapeOf(chain: readonly Certificate[]): Pick<PckChain, 'pck' | 'intermediate' | 'root'> {
  const step = 'pck-chain-shape';
  const [pck, intermediate, root] = chain;
  if (chain.length !== 3 || pck === undefined || intermediate === undefined || root === undefined) {
    refuse(step, 'UNSUPPORTED_CERT_FORMAT', `The PCK chain has ${chain.length} certificates, not 3.`);
  }
  if (!isNamedRoot(root)) refuse(step, 'SGX_ROOT_CA_MISSING', 'The PCK chain does not end in an SGX root.');
  if (!intermediate.subject.commonName.includes('CA')) {
    refuse(step, 'SGX_INTERMEDIATE_CA_MISSING', 'The second certificate of the PCK chain is not a PCK CA.');
  }
  if (!pck.subject.commonName.includes('SGX PCK Certificate')) {
    refuse(step, 'SGX_PCK_MISSING', 'The first certificate of the PCK chain is not a PCK certificate.');
  }
  return { pck, intermediate, root };
}

async function verifyIntermediate(intermediate: Certificate, root: Certificate, signatures: Signatures): Promise<void> {
  const step = 'intermediate-certificate';
  if (!checkAuthority(intermediate, 0)) {
    refuse(step, 'SGX_INTERMEDIATE_CA_INVALID_EXTENSIONS', 'The PCK CA is not an authority.');
  }
  const isIssued =
    namesMatch(intermediate, root) &&
    (await signatures.verify(root.publicKey, intermediate.signature, intermediate.signedBytes));
  if (!isIssued) refuse(step, 'SGX_INTERMEDIATE_CA_INVALID_ISSUER', 'The PCK CA is not issued by the root.');
}

async function verifyPck(pck: Certificate, intermediate: Certificate, signatures: Signatures): Promise<PckPlatform> {
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
    namesMatch(pck, intermediate) && (await signatures.verify(intermediate.publicKey, pck.signature, pck.signedBytes));
  if (!isIssued) refuse(step, 'SGX_PCK_INVALID_ISSUER', 'The PCK certificate is not issued by the PCK CA.');
  return platform;
}
