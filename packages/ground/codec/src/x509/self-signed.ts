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
  derTime,
  derValue,
} from '../der-writer.ts';
import { EnclosError } from '@enclos/errors';

const oid = Object.freeze({
  commonName: '2.5.4.3',
  organizationalUnit: '2.5.4.11',
  subjectAlternativeName: '2.5.29.17',
  keyUsage: '2.5.29.15',
});
const asn1Null = 0x05;
/** AlgorithmIdentifier of RFC 5758 section 3.2, and of RFC 4055 section 5 with its NULL. */
const algorithms = Object.freeze({
  'ecdsa-sha256': derSequence(derOid('1.2.840.10045.4.3.2')),
  'ecdsa-sha384': derSequence(derOid('1.2.840.10045.4.3.3')),
  'rsa-sha256': derSequence(derOid('1.2.840.113549.1.1.11'), derValue(asn1Null, new Uint8Array())),
});
/** Evidence about a key does not expire on a date, and an enclave has no trusted clock: RFC 5280 section 4.1.2.5. */
const always = derSequence(derTime(new Date('2000-01-01T00:00:00Z')), derTime(new Date('9999-12-31T23:59:59Z')));
/** BIT STRING of RFC 5280 section 4.2.1.3: digitalSignature. */
const digitalSignature = derValue(DerTag.BIT_STRING, Uint8Array.of(7, 0x80));

export interface SelfSignedCertificate {
  /** The DNS name of subject and issuer, at most 64 ASCII characters; or an IPv4 address. */
  readonly name: string;
  /** More names of the same kinds, for servers with several. */
  readonly alternativeNames?: readonly string[];
  /** 16 random bytes. */
  readonly serialNumber: Uint8Array;
  /** The SubjectPublicKeyInfo of a P-256 key, in DER. */
  readonly publicKey: Uint8Array;
  /** Extensions beside those for name and key usage: not critical. */
  readonly extensions?: readonly CertificateExtension[];
  /** ECDSA with SHA-256 by that key, as an ECDSA-Sig-Value in DER. */
  sign(bytes: Uint8Array): Uint8Array;
}

/**
 * A self-signed X.509 certificate (RFC 5280 section 4.1), in DER. It vouches for nothing; evidence that binds its key does.
 * @throws CODEC_OUT_OF_RANGE for a name of another form.
 */
export function selfSignedCertificate(options: SelfSignedCertificate): Uint8Array {
  const { name, alternativeNames = [], extensions = [] } = options;
  if (![name, ...alternativeNames].every((each) => /^[\x21-\x7e]{1,64}$/.test(each))) {
    throw new EnclosError('CODEC_OUT_OF_RANGE', 'Not a DNS name of at most 64 ASCII characters.');
  }
  return writeCertificate({
    ...options,
    algorithm: algorithms['ecdsa-sha256'],
    subject: derSequence(nameAttribute(oid.commonName, name)),
    validity: always,
    extensions: [alternative(...[name, ...alternativeNames].map(hostName)), usage, ...extensions.map(plainExtension)],
  });
}

/** An extension that is not critical. */
export interface CertificateExtension {
  readonly id: string;
  readonly value: Uint8Array;
}

export interface SigningCertificate {
  /** The common name of subject and issuer: 1 to 64 printable ASCII characters. */
  readonly commonName: string;
  /** More of the name, each 1 to 64 printable ASCII characters. */
  readonly organizationalUnits?: readonly string[];
  /** The owner of the key, as the alternative name: printable ASCII without spaces, at most 2048 characters. */
  readonly uri: string;
  /** Whole seconds count. */
  readonly validFrom: Date;
  readonly validUntil: Date;
  /** 16 random bytes. */
  readonly serialNumber: Uint8Array;
  /** The SubjectPublicKeyInfo of the key, in DER. */
  readonly publicKey: Uint8Array;
  /** The algorithm by which the key signs: P-256, P-384, or RSA with PKCS #1 v1.5. */
  readonly algorithm: keyof typeof algorithms;
  readonly extensions?: readonly CertificateExtension[];
  /** The signature by that key: an ECDSA-Sig-Value in DER, or the bytes of RSA. */
  sign(bytes: Uint8Array): Uint8Array;
}

/**
 * An X.509 certificate (RFC 5280) of a key that signs documents, signed by that key, in DER. It has no DNS name, so it cannot
 * serve as the certificate of a TLS server.
 * @throws CODEC_OUT_OF_RANGE for a name or dates that a certificate cannot hold.
 */
export function selfSignedSigningCertificate(options: SigningCertificate): Uint8Array {
  const { commonName, organizationalUnits = [], uri, validFrom, validUntil, algorithm, extensions = [] } = options;
  const areNames = [commonName, ...organizationalUnits].every((name) => /^[\x20-\x7e]{1,64}$/.test(name));
  if (!areNames || !/^[\x21-\x7e]{1,2048}$/.test(uri)) {
    throw new EnclosError('CODEC_OUT_OF_RANGE', 'Not names of a certificate in ASCII.');
  }
  const years = [validFrom, validUntil].map((date) => date.getUTCFullYear());
  if (!years.every((year) => year >= 1950 && year <= 9999) || validFrom > validUntil) {
    throw new EnclosError('CODEC_OUT_OF_RANGE', 'Not dates of a certificate.');
  }
  return writeCertificate({
    ...options,
    algorithm: algorithms[algorithm],
    subject: derSequence(
      ...organizationalUnits.map((unit) => nameAttribute(oid.organizationalUnit, unit)),
      nameAttribute(oid.commonName, commonName),
    ),
    validity: derSequence(derTime(validFrom), derTime(validUntil)),
    // uniformResourceIdentifier is [6] IMPLICIT IA5String.
    extensions: [alternative(derValue(0x86, utf8(uri))), usage, ...extensions.map(plainExtension)],
  });
}

interface CertificateParts {
  readonly algorithm: Uint8Array;
  readonly subject: Uint8Array;
  readonly validity: Uint8Array;
  readonly serialNumber: Uint8Array;
  readonly publicKey: Uint8Array;
  /** Encoded. */
  readonly extensions: readonly Uint8Array[];
  sign(bytes: Uint8Array): Uint8Array;
}

function writeCertificate(parts: CertificateParts): Uint8Array {
  const { algorithm, subject, validity, publicKey, extensions } = parts;
  // Positive, minimal and never zero.
  const serialNumber = concatBytes(Uint8Array.of(0x40), parts.serialNumber.subarray(1));
  // TBSCertificate: version 3, issuer and subject alike.
  const signed = derSequence(
    derExplicit(0, derInteger(2)),
    derMagnitude(serialNumber),
    algorithm,
    subject,
    validity,
    subject,
    publicKey,
    derExplicit(3, derSequence(...extensions)),
  );
  return derSequence(signed, algorithm, derBitString(parts.sign(signed)));
}

function nameAttribute(type: string, text: string): Uint8Array {
  return derValue(DerTag.SET, derSequence(derOid(type), derValue(DerTag.UTF8_STRING, utf8(text))));
}

function alternative(...names: readonly Uint8Array[]): Uint8Array {
  return extension(oid.subjectAlternativeName, false, derSequence(...names));
}

/** dNSName is [2] IMPLICIT IA5String, iPAddress is [7] IMPLICIT OCTET STRING of the address's bytes. */
function hostName(name: string): Uint8Array {
  const bytes = /^\d{1,3}(?:\.\d{1,3}){3}$/.test(name) ? name.split('.').map(Number) : undefined;
  if (bytes === undefined) return derValue(0x82, utf8(name));
  if (bytes.some((byte) => byte > 255)) throw new EnclosError('CODEC_OUT_OF_RANGE', 'Not an IPv4 address.');
  return derValue(0x87, Uint8Array.from(bytes));
}

function plainExtension({ id, value }: CertificateExtension): Uint8Array {
  return extension(id, false, value);
}

function extension(id: string, critical: boolean, value: Uint8Array): Uint8Array {
  return derSequence(derOid(id), critical ? derBoolean(true) : new Uint8Array(), derOctetString(value));
}

const usage = extension(oid.keyUsage, true, digitalSignature);
