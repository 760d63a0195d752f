import { attempt } from './attempt.ts';
import { DerTag } from '@enclos/codec';
import {
  describeName,
  describeValidity,
  readCertificateShape,
  readRevocationListShape,
  type ExtensionShape,
} from '@enclos/codec/x509';

/** What people and evidence need of a certificate (RFC 5280 section 4.1). Nothing of it is verified. */
export interface CertificateDescription {
  /** `CN=vault, O=Example`, in the order of the certificate. */
  readonly subject: string;
  readonly issuer: string;
  /** As 2026-01-31T12:00:00Z; as the certificate writes it when it is not such a time. */
  readonly notBefore: string;
  readonly notAfter: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKeyInfo: Uint8Array;
  readonly extensions: readonly ExtensionShape[];
}

/** Whether it begins like DER of some length that a certificate can have. */
export function beginsLikeDer(bytes: Uint8Array): boolean {
  return bytes[0] === DerTag.SEQUENCE && (bytes[1] === 0x82 || bytes[1] === 0x83);
}

export function isRevocationList(der: Uint8Array): boolean {
  return attempt(() => readRevocationListShape(der)) !== undefined;
}

/** @throws a CODEC error. */
export function describeCertificate(der: Uint8Array): CertificateDescription {
  const { subject, issuer, validity, publicKey, extensions } = readCertificateShape(der);
  return Object.freeze({
    subject: describeName(subject),
    issuer: describeName(issuer),
    ...describeValidity(validity),
    publicKeyInfo: publicKey,
    extensions: Object.freeze([...extensions.values()]),
  });
}
