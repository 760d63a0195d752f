import { fromPem } from '@enclos/codec/pem';
import {
  ExtensionId,
  parseCrlDistributionPoint,
  readCertificateShape,
  readName,
  readValidity,
  type CertificateShape,
  type CertificateValidity,
} from '@enclos/codec/x509';
import { EnclosError } from '@enclos/errors';
import { equalBytes } from '@enclos/codec';

/**
 * The facts of a certificate that choose endorsements. The algorithm may be any, since Intel signs with ECDSA and
 * AMD with RSA. Nothing is verified here, and nothing that is trusted comes from here: signatures are the verifier's.
 */
export interface EndorsementCertificate extends CertificateShape, CertificateValidity {
  /** The common name of the subject; empty when it has none. */
  readonly commonName: string;
}

export const maximumCertificateBytes = 16_384;
/** Certificates in a chain; one of SNP has 2 and one of a PCK 3. */
export const longestChain = 4;

/** @throws a CODEC error; also for names and dates that are not of RFC 5280. */
export function readEndorsementCertificate(der: Uint8Array): EndorsementCertificate {
  const shape = readCertificateShape(der, { maxBytes: maximumCertificateBytes });
  readName(shape.issuer);
  const { commonName } = readName(shape.subject);
  return Object.freeze({ ...shape, ...readValidity(shape.validity), commonName });
}

/** The certificates of a PEM text, `most` at most. @throws a CODEC error. */
export function decodeChain(pem: string, most: number): readonly Uint8Array[] {
  const certificates = fromPem('CERTIFICATE', pem, 2 * most * maximumCertificateBytes);
  if (certificates.length > most) throw new EnclosError('CODEC_OUT_OF_RANGE', 'A chain with too many certificates.');
  return certificates;
}

/** Where the list of a root is. @throws a CODEC error when the root does not say. */
export function crlDistributionPoint({ extensions }: CertificateShape): string {
  const extension = extensions.get(ExtensionId.crlDistributionPoints);
  if (extension !== undefined) return parseCrlDistributionPoint(extension.value);
  throw new EnclosError('CODEC_INVALID', 'A root without a CRL distribution point.');
}

/** Checks that each certificate is issued in the name of the next one, and the last one in its own. */
export function checkNames(chain: readonly CertificateShape[]): void {
  chain.forEach((certificate, index) => {
    const issuer = chain[index + 1] ?? certificate;
    if (!equalBytes(certificate.issuer, issuer.subject)) {
      throw new EnclosError('CODEC_INVALID', 'A chain of certificates that do not belong together.');
    }
  });
}
