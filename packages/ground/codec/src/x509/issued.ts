import { concatBytes } from '../bytes.ts';
import { DerTag } from '../der.ts';
import { derBoolean, derInteger, derOctetString, derSequence, derTime, derValue } from '../der-writer.ts';
import { EnclosError } from '@enclos/errors';
import {
  alternative,
  extension,
  hostName,
  nameAttribute,
  oid,
  signatureAlgorithms,
  usage,
  writeCertificate,
} from './certificate-writer.ts';

/** BIT STRING of RFC 5280 section 4.2.1.3: digitalSignature, keyCertSign. */
const authorityUsage = extension(oid.keyUsage, true, derValue(DerTag.BIT_STRING, Uint8Array.of(2, 0x84)));

export interface IssuedCertificate {
  /** The common name of the subject: 1 to 64 printable ASCII characters. */
  readonly commonName: string;
  /** That of the issuer. Default: the subject's own, of a certificate that signs itself. */
  readonly issuerName?: string;
  /** The alternative names: DNS names and IPv4 addresses. */
  readonly hosts?: readonly string[];
  /** Whether its key may issue certificates. */
  readonly isAuthority: boolean;
  /** How many certificates of further authorities may follow that of an authority. Default: 0. */
  readonly pathLength?: number;
  /** Names the key of the subject: 20 bytes of a digest of it, as RFC 7093 section 2 has it. */
  readonly subjectKeyId: Uint8Array;
  /** That of the issuer's key. Default: the subject's own. */
  readonly issuerKeyId?: Uint8Array;
  /** Whole seconds count. */
  readonly validFrom: Date;
  readonly validUntil: Date;
  /** 16 random bytes. */
  readonly serialNumber: Uint8Array;
  /** The SubjectPublicKeyInfo, in DER. */
  readonly publicKey: Uint8Array;
  /** The algorithm by which the issuer signs. */
  readonly algorithm: keyof typeof signatureAlgorithms;
  /** The signature by the issuer's key: an ECDSA-Sig-Value in DER, or the bytes of RSA. */
  sign(bytes: Uint8Array): Uint8Array;
}

/**
 * An X.509 certificate (RFC 5280) of a TLS server or client, or of the small authority that issues them, in DER. It names both keys
 * (sections 4.2.1.1 and 4.2.1.2): Python refuses servers without that since 3.13.
 *
 * @throws CODEC_OUT_OF_RANGE for a name or dates that a certificate cannot hold.
 */
export function issueCertificate(options: IssuedCertificate): Uint8Array {
  const { commonName, issuerName = commonName, hosts = [], isAuthority, validFrom, validUntil } = options;
  const { pathLength = 0, subjectKeyId, issuerKeyId = subjectKeyId } = options;
  if (![commonName, issuerName, ...hosts].every((name) => /^[\x20-\x7e]{1,64}$/.test(name))) {
    throw new EnclosError('CODEC_OUT_OF_RANGE', 'Not names of a certificate in ASCII.');
  }
  const years = [validFrom, validUntil].map((date) => date.getUTCFullYear());
  if (!years.every((year) => year >= 1950 && year <= 9999) || validFrom > validUntil) {
    throw new EnclosError('CODEC_OUT_OF_RANGE', 'Not dates of a certificate.');
  }
  const path = isAuthority ? concatBytes(derBoolean(true), derInteger(pathLength)) : new Uint8Array();
  return writeCertificate({
    ...options,
    algorithm: signatureAlgorithms[options.algorithm],
    subject: derSequence(nameAttribute(oid.commonName, commonName)),
    issuer: derSequence(nameAttribute(oid.commonName, issuerName)),
    validity: derSequence(derTime(validFrom), derTime(validUntil)),
    extensions: [
      extension(oid.basicConstraints, true, derSequence(path)),
      isAuthority ? authorityUsage : usage,
      extension(oid.subjectKeyIdentifier, false, derOctetString(subjectKeyId)),
      // AuthorityKeyIdentifier with keyIdentifier [0] IMPLICIT alone.
      extension(oid.authorityKeyIdentifier, false, derSequence(derValue(0x80, issuerKeyId))),
      ...(hosts.length === 0 ? [] : [alternative(...hosts.map(hostName))]),
    ],
  });
}
