import type { ContentMap } from '@enclos/bounded';
import { ExtensionId, KeyUsage, type RevocationList } from '@enclos/codec/x509';
import { concatBytes } from '@enclos/codec';
import {
  checkCrlExtensions,
  checkLeafUsage,
  checkUsage,
  keyIdentifiersMatch,
  namesMatch,
  type ExtensionProfile,
} from '../x509/chain-rules.ts';
import { verifySpkiSignature, type Steps } from '../crypto/crypto-steps.ts';
import { orRefuse } from '../refusal/refusal.ts';
import { isRevoked } from '../x509/revocation.ts';
import type { AmdCertificate } from './certificate.ts';
import type { SnpEndorsementParts } from './endorsements.ts';
import { parseAmdExtensions, type EndorsedKey } from './extensions.ts';
import { refuseSnp } from './refusal.ts';
import type { SnpSigningKey } from './report.ts';
import { findSnpRoot, type SnpRoot } from './roots.ts';

/** A chain up to a root that the caller trusts. */
export interface SnpChain {
  readonly leaf: AmdCertificate;
  readonly intermediate: AmdCertificate;
  readonly root: AmdCertificate;
  readonly trustedRoot: SnpRoot;
  readonly endorsed: EndorsedKey;
}

/** Signatures that were found good before: by the key that signed, what it signed, and the signature. */
type KnownSignatures = ContentMap<true>;

/**
 * Verifies the chain of the key that signs the report, of the kind that the
 * report names. What is in `known` saves an operation with RSA and nothing else:
 * every rule, trust in the root and revocation are looked at each time.
 */
export function* verifySnpChain(
  { chain, crl }: SnpEndorsementParts,
  kind: SnpSigningKey,
  { roots, known }: { readonly roots: readonly SnpRoot[]; readonly known: KnownSignatures },
): Steps<SnpChain> {
  const { leaf, intermediate, root } = shapeOf(chain, kind);
  const trustedRoot =
    (yield* findSnpRoot(roots, root.publicKey.encoded)) ??
    refuseSnp('snp-trusted-root', 'SNP_CHAIN_UNTRUSTED', 'The chain ends in a root that is not trusted here.');
  yield* verifyRoot(root, known);
  yield* verifyIntermediate(intermediate, root, known);
  const endorsed = yield* verifyLeaf({ leaf, intermediate }, kind, known);
  checkProduct({ leaf, intermediate, root, trustedRoot, endorsed }, kind);
  if (crl !== undefined) yield* verifyRevocation(crl, { leaf, intermediate, root }, known);
  return { leaf, intermediate, root, trustedRoot, endorsed };
}

/** The authority key identifier of an authority below the root is compared beside this. */
const amdProfile: ExtensionProfile = { required: [ExtensionId.subjectKeyIdentifier], keyUsage: 'padded' };

type Certificates = Pick<SnpChain, 'leaf' | 'intermediate' | 'root'>;

function shapeOf(chain: readonly AmdCertificate[], kind: SnpSigningKey): Certificates {
  const step = 'snp-chain-shape';
  const [leaf, intermediate, root] = chain;
  if (chain.length !== 3 || leaf === undefined || intermediate === undefined || root === undefined) {
    refuseSnp(step, 'SNP_CHAIN_INVALID', `The chain has ${chain.length} certificates, not 3.`);
  }
  const isShaped =
    leaf.publicKey.kind === 'p-384' &&
    intermediate.publicKey.kind === 'rsa-4096' &&
    root.publicKey.kind === 'rsa-4096' &&
    namesMatch(root, root);
  if (!isShaped) refuseSnp(step, 'SNP_CHAIN_INVALID', 'The chain is not a signing key, an authority and a root.');
  if (leaf.subject.commonName !== `SEV-${kind}`) {
    const got = leaf.subject.commonName;
    refuseSnp(step, 'SNP_SIGNING_KEY_MISMATCH', `The report is signed by a ${kind}; the certificate is of “${got}”.`);
  }
  return { leaf, intermediate, root };
}

/** AMD's roots have no path length and no authority key identifier. */
function* verifyRoot(root: AmdCertificate, known: KnownSignatures): Steps<void> {
  const step = 'snp-root-certificate';
  const mustHave = KeyUsage.keyCertSign | KeyUsage.crlSign;
  const isAuthority = checkUsage(
    root,
    amdProfile,
    (isCa, pathLength, usage) => isCa && (pathLength ?? 1) >= 1 && (usage & mustHave) === mustHave,
  );
  if (!isAuthority) {
    refuseSnp(step, 'SNP_ROOT_INVALID_EXTENSIONS', 'The root is not an authority over an AMD signing key.');
  }
  if (!(yield* isSignedBy(root, root, known))) {
    refuseSnp(step, 'SNP_ROOT_INVALID_ISSUER', 'The root is not signed by itself.');
  }
}

function* verifyIntermediate(intermediate: AmdCertificate, root: AmdCertificate, known: KnownSignatures): Steps<void> {
  const step = 'snp-intermediate-certificate';
  const isAuthority =
    checkUsage(intermediate, amdProfile, (isCa, _, usage) => isCa && (usage & KeyUsage.keyCertSign) !== 0) &&
    keyIdentifiersMatch(intermediate, root);
  if (!isAuthority) {
    refuseSnp(step, 'SNP_INTERMEDIATE_INVALID_EXTENSIONS', 'The AMD signing key is not an authority of this root.');
  }
  if (!namesMatch(intermediate, root) || !(yield* isSignedBy(intermediate, root, known))) {
    refuseSnp(step, 'SNP_INTERMEDIATE_INVALID_ISSUER', 'The AMD signing key is not issued by the root.');
  }
}

function* verifyLeaf(
  { leaf, intermediate }: Pick<Certificates, 'leaf' | 'intermediate'>,
  kind: SnpSigningKey,
  known: KnownSignatures,
): Steps<EndorsedKey> {
  const step = 'snp-leaf-certificate';
  const { extensions } = leaf;
  if (!checkLeafUsage(leaf)) {
    refuseSnp(step, 'SNP_LEAF_INVALID_EXTENSIONS', `The ${kind} is an authority, or not for signing.`);
  }
  const endorsed = orRefuse(
    () => parseAmdExtensions(extensions, kind),
    (cause) => refuseSnp(step, 'SNP_LEAF_INVALID_EXTENSIONS', `The extensions of the ${kind}: ${cause.message}`, cause),
  );
  if (!namesMatch(leaf, intermediate) || !(yield* isSignedBy(leaf, intermediate, known))) {
    refuseSnp(step, 'SNP_LEAF_INVALID_ISSUER', `The ${kind} is not issued by the AMD signing key.`);
  }
  return endorsed;
}

/** One root signs one product; the names must not say another (document 57230, chapter 3). */
function checkProduct({ intermediate, root, trustedRoot, endorsed }: SnpChain, kind: SnpSigningKey): void {
  const { product } = trustedRoot;
  const authority = kind === 'VCEK' ? `SEV-${product}` : `SEV-VLEK-${product}`;
  const isOne =
    root.subject.commonName === `ARK-${product}` &&
    intermediate.subject.commonName === authority &&
    endorsed.product === product;
  if (!isOne) refuseSnp('snp-product', 'SNP_PRODUCT_MISMATCH', `The chain is not one of a ${kind} of ${product}.`);
}

/** The list is the root's, and revokes by serial number what the root issued, and below it. */
function* verifyRevocation(
  crl: RevocationList,
  { leaf, intermediate, root }: Certificates,
  known: KnownSignatures,
): Steps<void> {
  const step = 'snp-revocation';
  if (!namesMatch(crl, root)) {
    refuseSnp(step, 'SNP_CRL_UNKNOWN_ISSUER', 'The revocation list is not one of the root.');
  }
  if (!checkCrlExtensions(crl, root)) {
    refuseSnp(step, 'SNP_CRL_INVALID_EXTENSIONS', 'The revocation list lacks a number or the root’s key identifier.');
  }
  if (!(yield* isSignedBy(crl, root, known))) {
    refuseSnp(step, 'SNP_CRL_INVALID_SIGNATURE', 'The revocation list is not signed by the root.');
  }
  if (isRevoked(intermediate, crl)) {
    refuseSnp(step, 'SNP_INTERMEDIATE_REVOKED', 'The AMD signing key is revoked.');
  }
  if (isRevoked(leaf, crl)) refuseSnp(step, 'SNP_LEAF_REVOKED', 'The key that signed the report is revoked.');
}

const signedByAmd = Object.freeze({});

/** Only a good signature is remembered. The parts of the content are DER, so that no others give the same bytes. */
function* isSignedBy(
  signed: { readonly signature: Uint8Array; readonly signedBytes: Uint8Array },
  { publicKey: { encoded: key } }: AmdCertificate,
  known: KnownSignatures,
): Steps<boolean> {
  const content = concatBytes(key, signed.signedBytes, signed.signature);
  if (known.get(signedByAmd, content) === true) return true;
  const isGood = yield* verifySpkiSignature('rsa-pss-sha384', key, signed);
  if (isGood) known.set(signedByAmd, content, true);
  return isGood;
}
