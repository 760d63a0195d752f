import { appraise, verifyQuote, type Endorsements, type SgxPolicy, type TrustedRoot } from '@enclos/attestation';
import type { SgxEvidence } from '@enclos/attestation';
import { readCertificateEvidence, type TokenKeyClaims } from '@enclos/atls/token-key';
import { isEnclosError } from '@enclos/errors';
import { refusePeer, type AppraiseCertificate } from './appraisal.ts';
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
    const { issuer, configuration } = evidence.claims;
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

interface KeyEvidence {
  readonly quote: Uint8Array;
  /** What the quote must have for the claims to be the enclave's. */
  readonly reportData: Uint8Array;
  readonly claims: TokenKeyClaims;
}

function evidenceIn(certificate: Uint8Array): KeyEvidence {
  try {
    const { quote, boundReportData, own } = readCertificateEvidence(certificate);
    const [reportData] = boundReportData;
    if (own?.role !== 'token-signer' || reportData === undefined) return refusePeer('claims');
    return { quote, reportData, claims: own };
  } catch (error) {
    if (!isEnclosError(error, 'ATLS_CERTIFICATE_INVALID')) throw error;
    return refusePeer('claims', error);
  }
}

async function appraiseQuote(
  { quote, reportData }: KeyEvidence,
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
