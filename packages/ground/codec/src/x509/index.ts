/**
 * X.509 (RFC 5280), without any verification of signatures. Two readers: `parseCertificate` and `parseRevocationList`
 * are strict, for values that are verified to a root; `readCertificateShape` and `readRevocationListShape` report what is
 * there, for everything else. Writers of certificates that sign themselves, and of those that a small authority issues.
 */
import '../errors.ts';
export { leafFirst } from './chain-order.ts';
export { parseCertificate, type CertificateForm, type SignatureForm, type X509Certificate } from './certificate.ts';
export {
  readCertificateShape,
  requireVersion3,
  type CertificateFields,
  type CertificateShape,
} from './certificate-shape.ts';
export {
  ExtensionId,
  KeyUsage,
  parseAuthorityKeyIdentifier,
  parseBasicConstraints,
  parseCrlDistributionPoint,
  parseKeyUsage,
  parseSubjectKeyIdentifier,
  type ExtensionDefaults,
  type Extensions,
  type ExtensionShape,
} from './extensions.ts';
export { issueCertificate, type IssuedCertificate } from './issued.ts';
export { describeName, readName, type DistinguishedName } from './names.ts';
export { readPublicKeyInfo, readRsaPublicKey, type PublicKeyInfo } from './public-key-info.ts';
export {
  maximumCrlBytes,
  parseRevocationList,
  readRevocationListShape,
  type RevocationList,
  type RevocationListShape,
} from './revocation-list.ts';
export type { CertificateExtension } from './certificate-writer.ts';
export {
  selfSignedCertificate,
  selfSignedSigningCertificate,
  type SelfSignedCertificate,
  type SigningCertificate,
} from './self-signed.ts';
export { describeValidity, readValidity, type CertificateValidity } from './validity.ts';
