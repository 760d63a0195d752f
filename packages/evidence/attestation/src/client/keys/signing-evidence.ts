import type { CertificateShape } from '@enclos/codec/x509';
import { isVerifiedEvidence, type VerifiedEvidence } from '../../appraisal/appraise.ts';
import { valuesOfForm } from '../../carriers/extension-ids.ts';
import { isVerifiedSnpEvidence, type VerifiedSnpEvidence } from '../../appraisal/appraise-snp.ts';
import { refuseToken } from '../errors.ts';

/** The certificate of a signing key that holds evidence for it. Nothing of it is verified. */
export interface SigningKeyEvidence {
  readonly kid: string;
  /**
   * `tagged`: 2.23.133.5.4.9, what services of Enclos write. `open-enclave`:
   * 1.2.840.113556.10.1.1 or 1.3.6.1.4.1.311.105.1, what Azure Attestation writes.
   */
  readonly form: 'tagged' | 'open-enclave';
  /** The leaf of x5c, DER. `readCertificateEvidence` and `unpackCertificate` of `@enclos/atls` read both forms. */
  readonly certificate: Uint8Array;
  /** Its key, SubjectPublicKeyInfo in DER: what the report data of the evidence must bind. */
  readonly publicKey: Uint8Array;
}

/** What a relying party found good in the evidence of a signing key. */
export type AppraisedSigner = VerifiedEvidence | VerifiedSnpEvidence;

export interface SigningEvidenceOptions {
  /**
   * Verifies and appraises the evidence, bound to the key: what it throws refuses
   * the key. It must give what `appraise` or `appraiseSnp` gave: no other value,
   * so that a callback that forgets to look accepts nothing.
   */
  readonly appraise: (evidence: SigningKeyEvidence) => Promise<AppraisedSigner>;
}

const forms = [
  ['tagged', 'tagged'],
  ['open-enclave', 'oe-report'],
] as const;

/** @throws TOKEN_REFUSED with the rule `signing-evidence`. */
export async function appraiseSigner(
  {
    kid,
    certificate,
    shape,
  }: { readonly kid: string; readonly certificate: Uint8Array; readonly shape: CertificateShape },
  options: SigningEvidenceOptions,
): Promise<AppraisedSigner> {
  const form = forms.find(([, kind]) => valuesOfForm(shape, kind).length > 0)?.[0];
  if (form === undefined) return refuse('has no evidence in its certificate');
  let appraised: AppraisedSigner;
  try {
    appraised = await options.appraise({
      kid,
      form,
      certificate: certificate.slice(),
      publicKey: shape.publicKey.slice(),
    });
  } catch (cause) {
    return refuse('has evidence that was not accepted; the cause says why', cause);
  }
  const isGenuine = isVerifiedEvidence(appraised) || isVerifiedSnpEvidence(appraised);
  return isGenuine ? appraised : refuse('was let pass by a callback that gave no appraised evidence');
}

function refuse(what: string, cause?: unknown): never {
  return refuseToken('signing-evidence', `The key that signed the token ${what}.`, cause);
}
