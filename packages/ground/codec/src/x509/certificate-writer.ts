import { concatBytes, utf8 } from '../bytes.ts';
import { DerTag } from '../der.ts';
import {
  derBitString,
  derBoolean,
  derExplicit,
  derInteger,
  derMagnitude,
  derOctetString,
  derOid,
  derSequence,
  derValue,
} from '../der-writer.ts';
import { EnclosError } from '@enclos/errors';

export const oid = Object.freeze({
  commonName: '2.5.4.3',
  organizationalUnit: '2.5.4.11',
  subjectAlternativeName: '2.5.29.17',
  keyUsage: '2.5.29.15',
  basicConstraints: '2.5.29.19',
  subjectKeyIdentifier: '2.5.29.14',
  authorityKeyIdentifier: '2.5.29.35',
});
const asn1Null = 0x05;
/** AlgorithmIdentifier of RFC 5758 section 3.2, and of RFC 4055 section 5 with its NULL. */
export const signatureAlgorithms = Object.freeze({
  'ecdsa-sha256': derSequence(derOid('1.2.840.10045.4.3.2')),
  'ecdsa-sha384': derSequence(derOid('1.2.840.10045.4.3.3')),
  'rsa-sha256': derSequence(derOid('1.2.840.113549.1.1.11'), derValue(asn1Null, new Uint8Array())),
});
/** BIT STRING of RFC 5280 section 4.2.1.3: digitalSignature. */
const digitalSignature = derValue(DerTag.BIT_STRING, Uint8Array.of(7, 0x80));

/** An extension that is not critical. */
export interface CertificateExtension {
  readonly id: string;
  readonly value: Uint8Array;
}

/** What the writers of certificates put together. */
export interface CertificateParts {
  readonly algorithm: Uint8Array;
  readonly subject: Uint8Array;
  /** Default: the subject. */
  readonly issuer?: Uint8Array;
  readonly validity: Uint8Array;
  readonly serialNumber: Uint8Array;
  readonly publicKey: Uint8Array;
  /** Encoded. */
  readonly extensions: readonly Uint8Array[];
  sign(bytes: Uint8Array): Uint8Array;
}

export function writeCertificate(parts: CertificateParts): Uint8Array {
  const { algorithm, subject, issuer = subject, validity, publicKey, extensions } = parts;
  // Positive, minimal and never zero.
  const serialNumber = concatBytes(Uint8Array.of(0x40), parts.serialNumber.subarray(1));
  // TBSCertificate, version 3.
  const signed = derSequence(
    derExplicit(0, derInteger(2)),
    derMagnitude(serialNumber),
    algorithm,
    issuer,
    validity,
    subject,
    publicKey,
    derExplicit(3, derSequence(...extensions)),
  );
  return derSequence(signed, algorithm, derBitString(parts.sign(signed)));
}

export function nameAttribute(type: string, text: string): Uint8Array {
  return derValue(DerTag.SET, derSequence(derOid(type), derValue(DerTag.UTF8_STRING, utf8(text))));
}

export function alternative(...names: readonly Uint8Array[]): Uint8Array {
  return extension(oid.subjectAlternativeName, false, derSequence(...names));
}

/** dNSName is [2] IMPLICIT IA5String, iPAddress is [7] IMPLICIT OCTET STRING of the address's bytes. */
export function hostName(name: string): Uint8Array {
  const bytes = /^\d{1,3}(?:\.\d{1,3}){3}$/.test(name) ? name.split('.').map(Number) : undefined;
  if (bytes === undefined) return derValue(0x82, utf8(name));
  if (bytes.some((byte) => byte > 255)) throw new EnclosError('CODEC_OUT_OF_RANGE', 'Not an IPv4 address.');
  return derValue(0x87, Uint8Array.from(bytes));
}

export function plainExtension({ id, value }: CertificateExtension): Uint8Array {
  return extension(id, false, value);
}

export function extension(id: string, critical: boolean, value: Uint8Array): Uint8Array {
  return derSequence(derOid(id), critical ? derBoolean(true) : new Uint8Array(), derOctetString(value));
}

export const usage: Uint8Array = extension(oid.keyUsage, true, digitalSignature);
