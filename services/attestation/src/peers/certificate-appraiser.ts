import { appraise, verifyQuote, type Endorsements, type SgxPolicy, type TrustedRoot } from '@enclos/attestation';
import type { SgxEvidence } from '@enclos/attestation';
import { readCertificateEvidence } from '@enclos/atls';
import { isEnclosError } from '@enclos/errors';
import { refusePeer, type AppraiseCertificate } from './appraisal.ts';
import { readCertificateClaims } from './certificate-claims.ts';
import { readSelfSignedCertificate } from './self-signed-certificate.ts';

export interface CertificateAppraiserOptions {
  /** Collateral for a quote, from the host. Rejects when there is none now. */
  readonly endorsements: (quote: Uint8Array) => Promise<Endorsements>;
  readonly roots: readonly TrustedRoot[];
  readonly policy: SgxPolicy;
  readonly now: () => Date;
}

/** Appraises certificates of replicas by their evidence, each time anew: see `rememberAppraisals`. */
export function certificateAppraiser(options: CertificateAppraiserOptions): AppraiseCertificate {
  return async (certificate) => {
    const { publicKey, notBeforeMs, notAfterMs } = readSelfSignedCertificate(certificate);
    const evidence = evidenceIn(certificate);
    const { issuer, configuration } = readCertificateClaims(certificate);
    const { mrEnclave, mrSigner, securityVersion } = await appraiseQuote(evidence, options);
    return Object.freeze({
      publicKey,
      issuer,
      configuration,
      mrEnclave,
      mrSigner,
      securityVersion,
      notBeforeMs,
      notAfterMs,
    });
  };
}

interface TaggedEvidence {
  readonly quote: Uint8Array;
  readonly reportData: Uint8Array;
}

/** Only the form that has claims: in another one, issuer and configuration would not be bound. */
function evidenceIn(certificate: Uint8Array): TaggedEvidence {
  try {
    const { form, quote, boundReportData } = readCertificateEvidence(certificate);
    const [reportData] = boundReportData;
    if (form !== 'tagged' || reportData === undefined) return refusePeer('claims');
    return { quote, reportData };
  } catch (error) {
    if (!isEnclosError(error, 'ATLS_CERTIFICATE_INVALID')) throw error;
    return refusePeer('claims', error);
  }
}

async function appraiseQuote(
  { quote, reportData }: TaggedEvidence,
  { endorsements, roots, policy, now }: CertificateAppraiserOptions,
): Promise<SgxEvidence> {
  const collateral = await endorsements(quote);
  const time = now();
  try {
    const verdict = await verifyQuote(quote, collateral, { roots, now: time });
    if (verdict.tee !== 'sgx') return refusePeer('policy');
    return appraise(verdict, policy, { reportData }, { now: time });
  } catch (error) {
    if (isEnclosError(error, 'EVIDENCE_REFUSED')) return refusePeer('evidence', error);
    if (!isEnclosError(error, 'APPRAISAL_REFUSED')) throw error;
    const { field } = error.details;
    return refusePeer('policy', error, typeof field === 'string' ? { field } : {});
  }
}
