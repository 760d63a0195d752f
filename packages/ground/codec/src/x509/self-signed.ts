import { utf8 } from '../bytes.ts';
import { derSequence, derTime, derValue } from '../der-writer.ts';
import { EnclosError } from '@enclos/errors';
import {
  alternative,
  hostName,
  nameAttribute,
  oid,
  plainExtension,
  signatureAlgorithms,
  usage,
  writeCertificate,
  type CertificateExtension,
} from './certificate-writer.ts';

/** Evidence about a key does not expire on a date, and an enclave has no trusted clock: RFC 5280 section 4.1.2.5. */
const always = derSequence(derTime(new Date('2000-01-01T00:00:00Z')), derTime(new Date('9999-12-31T23:59:59Z')));
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
    algorithm: signatureAlgorithms['ecdsa-sha256'],
    subject: derSequence(nameAttribute(oid.commonName, name)),
    validity: always,
    extensions: [alternative(...[name, ...alternativeNames].map(hostName)), usage, ...extensions.map(plainExtension)],
  });
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
  readonly algorithm: keyof typeof signatureAlgorithms;
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
    algorithm: signatureAlgorithms[algorithm],
    subject: derSequence(
      ...organizationalUnits.map((unit) => nameAttribute(oid.organizationalUnit, unit)),
      nameAttribute(oid.commonName, commonName),
    ),
    validity: derSequence(derTime(validFrom), derTime(validUntil)),
    // uniformResourceIdentifier is [6] IMPLICIT IA5String.
    extensions: [alternative(derValue(0x86, utf8(uri))), usage, ...extensions.map(plainExtension)],
  });
}
