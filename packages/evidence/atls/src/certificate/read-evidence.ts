import { createHash } from 'node:crypto';
import { certificateEvidenceSteps, type CertificateEvidence } from './certificate-evidence.ts';

/** What `certificateEvidenceSteps` reads, over node:crypto. @throws ATLS_CERTIFICATE_INVALID */
export function readCertificateEvidence(certificate: Uint8Array): CertificateEvidence {
  const steps = certificateEvidenceSteps(certificate);
  let step = steps.next();
  while (step.done !== true) {
    const { algorithm, data } = step.value;
    step = steps.next(new Uint8Array(createHash(algorithm).update(data).digest()));
  }
  return step.value;
}
