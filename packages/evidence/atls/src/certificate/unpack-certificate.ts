// The part of this package that runs in browsers too: what `@enclos/atls/certificate` exports.
import './certificate-errors.ts';
import { certificateEvidenceSteps, type CertificateEvidence } from './certificate-evidence.ts';

export type { CertificateEvidence, EvidenceForm } from './certificate-evidence.ts';

/** The part of WebCrypto that is needed. */
export type Digest = Pick<typeof globalThis.crypto.subtle, 'digest'>;

const names = Object.freeze({ sha256: 'SHA-256', sha384: 'SHA-384', sha512: 'SHA-512' });

/**
 * `readCertificateEvidence` over WebCrypto: what evidence a certificate carries,
 * and what its report data must be to vouch for the key of the certificate.
 *
 * @param certificate DER.
 * @throws ATLS_CERTIFICATE_INVALID; `details.rule` says why.
 */
export async function unpackCertificate(
  certificate: Uint8Array,
  subtle: Digest = globalThis.crypto.subtle,
): Promise<CertificateEvidence> {
  const steps = certificateEvidenceSteps(certificate);
  let step = steps.next();
  while (step.done !== true) {
    const { algorithm, data } = step.value;
    step = steps.next(new Uint8Array(await subtle.digest(names[algorithm], new Uint8Array(data))));
  }
  return step.value;
}
