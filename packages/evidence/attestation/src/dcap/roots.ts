import { parseP256Certificate, type P256Certificate } from '../x509/p256-certificate.ts';
import { concatBytes, equalBytes, fromHex, toHex } from '@enclos/codec';
import { checkAuthority } from '../x509/chain-rules.ts';
import { sha256, verifySignature, type Steps } from '../crypto/crypto-steps.ts';
import { decodeCertificates } from '../x509/pem.ts';
import { misused, orRefuse } from '../refusal/refusal.ts';
import { runAsync, type Subtle } from '../crypto/web-crypto.ts';

/** A root that the relying party trusts: its public key, not its certificate. */
export interface TrustedRoot {
  readonly kind: 'intel' | 'software';
  /** x then y, 64 bytes of hex. */
  readonly publicKey: string;
  /** Hex of SHA-256 of the SubjectPublicKeyInfo, DER: what policies list. */
  readonly fingerprint: string;
}

/** SubjectPublicKeyInfo of a P-256 key up to the coordinates (RFC 5480). */
const spkiPrefix = fromHex('3059301306072a8648ce3d020106082a8648ce3d03010703420004');

/** The key of "Intel SGX Root CA". Never a default: name it in `roots`. */
export const INTEL_SGX_ROOT: TrustedRoot = Object.freeze({
  kind: 'intel',
  publicKey:
    '0ba9c4c0c0c86193a3fe23d6b02cda10a8bbd4e88e48b4458561a36e705525f567918e2edc88e40d860bd0cc4ee26aacc988e505a953558c453f6b0904ae7394',
  fingerprint: 'a0af031289f5d5d4132f9186068a7fc13628633ba235777472e29b6b6c67a49e',
});

/**
 * The root of a software platform, from its self-signed certificate.
 *
 * @param certificate PEM text with one certificate, or DER.
 * @throws VERIFIER_MISUSED when it is not a self-signed authority, or is Intel's.
 */
export async function softwareRoot(
  certificate: string | Uint8Array,
  options: { readonly subtle?: Subtle } = {},
): Promise<TrustedRoot> {
  return runAsync(softwareRootSteps(certificate), options.subtle ?? globalThis.crypto?.subtle);
}

/** The steps of `softwareRoot`. */
export function* softwareRootSteps(certificate: string | Uint8Array): Steps<TrustedRoot> {
  const root = parseRoot(certificate);
  const isSelfSigned =
    equalBytes(root.issuer.encoded, root.subject.encoded) &&
    checkAuthority(root, 1) &&
    (yield* verifySignature(root.publicKey, root.signature, root.signedBytes));
  if (!isSelfSigned) misused('The certificate is not a self-signed root of a platform.');
  const described = yield* describeRoot(root.publicKey);
  if (described.kind === 'intel') misused('This is the root of Intel: use INTEL_SGX_ROOT.');
  return described;
}

function* describeRoot(publicKey: Uint8Array): Steps<TrustedRoot> {
  const fingerprint = toHex(yield* sha256(concatBytes(spkiPrefix, publicKey)));
  const kind = fingerprint === INTEL_SGX_ROOT.fingerprint ? 'intel' : 'software';
  return Object.freeze({ kind, publicKey: toHex(publicKey), fingerprint });
}

/**
 * The trusted root with this key, or undefined.
 *
 * @throws VERIFIER_MISUSED as `isTrusted`.
 */
export function* findRoot(roots: readonly TrustedRoot[], publicKey: Uint8Array): Steps<TrustedRoot | undefined> {
  const root = yield* describeRoot(publicKey);
  return isTrusted(root, roots) ? root : undefined;
}

/**
 * True when the caller trusts the key of `root`.
 *
 * @throws VERIFIER_MISUSED when the caller's root has the key, and the fingerprint or kind of another one: a policy
 * would be misled.
 */
export function isTrusted(root: TrustedRoot, roots: readonly TrustedRoot[]): boolean {
  const candidate = roots.find(({ publicKey }) => publicKey === root.publicKey);
  if (candidate === undefined) return false;
  if (candidate.fingerprint !== root.fingerprint || candidate.kind !== root.kind) {
    misused('A trusted root has a fingerprint or kind of another key.');
  }
  return true;
}

function parseRoot(certificate: string | Uint8Array): P256Certificate {
  return orRefuse(
    () => {
      const [der, ...others] = typeof certificate === 'string' ? decodeCertificates(certificate) : [certificate];
      if (der === undefined || others.length > 0) return misused('One root certificate wanted.');
      return parseP256Certificate(der);
    },
    (cause) => misused(`Not a root certificate: ${cause.message}`, cause),
  );
}
