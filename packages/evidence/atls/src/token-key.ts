// What `@enclos/atls/token-key` exports: for services that sign tokens, without the protocol.
import './certificate/certificate-errors.ts';
import { utf8 } from '@enclos/codec';
import { evidenceExtensions } from './certificate/certificate-evidence.ts';
import { misused } from './errors.ts';
import { makeEvidence, type EvidenceSource } from './evidence-source.ts';
import { claimsReportData, encodeClaims } from './certificate/own-claims.ts';
import { maximumBytes, type TokenKeyClaims } from './certificate/tagged-evidence.ts';

export { readCertificateEvidence } from './certificate/read-evidence.ts';
export type { CertificateEvidence } from './certificate/certificate-evidence.ts';
export type { TokenKeyClaims } from './certificate/tagged-evidence.ts';

/**
 * Evidence about a key that signs tokens: the extensions that its certificate has to hold, which
 * `readCertificateEvidence` reads. Peers of attested TLS refuse such a certificate.
 *
 * @param publicKey SubjectPublicKeyInfo, DER.
 * @throws ATLS_EVIDENCE_UNAVAILABLE, and ATLS_MISUSED for claims or evidence that are too large.
 */
export async function tokenKeyExtensions(
  publicKey: Uint8Array,
  claims: Omit<TokenKeyClaims, 'role'>,
  evidence: EvidenceSource,
): Promise<readonly { readonly id: string; readonly value: Uint8Array }[]> {
  for (const name of ['issuer', 'configuration'] as const) {
    if (utf8(claims[name]).length > maximumBytes[name]) misused(`The ${name} is over ${maximumBytes[name]} bytes.`);
  }
  const encoded = encodeClaims(publicKey, { ...claims, role: 'token-signer' });
  const { quote } = await makeEvidence(evidence, claimsReportData(encoded));
  return evidenceExtensions({ quote, claims: encoded });
}
