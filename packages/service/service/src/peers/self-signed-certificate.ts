import { createPublicKey, verify } from 'node:crypto';
import { readWholeSequence, type BitString } from '@enclos/codec';
import { readCertificateShape, readValidity, requireVersion3, type CertificateValidity } from '@enclos/codec/x509';
import { isEnclosError } from '@enclos/errors';
import { maximumCertificateBytes, refusePeer } from './appraisal.ts';

/** What is read of a certificate (RFC 5280 section 4.1) that its own key signs. */
export interface SelfSignedCertificate extends CertificateValidity {
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
}

/** Our replicas sign with these: sha256WithRSAEncryption, ecdsa-with-SHA256 and ecdsa-with-SHA384. */
const digests: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.1.1.11', 'sha256'],
  ['1.2.840.10045.4.3.2', 'sha256'],
  ['1.2.840.10045.4.3.3', 'sha384'],
]);

/**
 * Evidence binds the key of a certificate, and nothing else in it. That its own key signs it makes the rest, above all its
 * dates, the word of the enclave that holds the key.
 *
 * Not by `X509Certificate` of Node: given DER, it looks for PEM first, and finds the PCK certificate in the quote.
 *
 * @throws SERVICE_PEER_REFUSED
 */
export function readSelfSignedCertificate(certificate: Uint8Array): SelfSignedCertificate {
  if (certificate.length > maximumCertificateBytes) refusePeer('size');
  const { signed, digest, signature, ...facts } = parse(certificate);
  if (digest === undefined || signature.unusedBits !== 0) return refusePeer('self-signed');
  if (!isSignedBy(facts.publicKey, { digest, signed, signature: signature.bytes })) refusePeer('self-signed');
  return Object.freeze(facts);
}

interface ParsedCertificate extends SelfSignedCertificate {
  readonly signed: Uint8Array;
  readonly digest: string | undefined;
  readonly signature: BitString;
}

function parse(certificate: Uint8Array): ParsedCertificate {
  try {
    const shape = readCertificateShape(certificate, { maxBytes: maximumCertificateBytes });
    requireVersion3(shape);
    const { signedBytes: signed, algorithm, signature, publicKey, validity } = shape;
    const digest = digests.get(readWholeSequence(algorithm).objectIdentifier());
    return { signed, digest, signature, publicKey, ...readValidity(validity) };
  } catch (error) {
    if (!isEnclosError(error) || !error.code.startsWith('CODEC_')) throw error;
    return refusePeer('well-formed', error);
  }
}

function isSignedBy(
  publicKey: Uint8Array,
  {
    digest,
    signed,
    signature,
  }: { readonly digest: string; readonly signed: Uint8Array; readonly signature: Uint8Array },
): boolean {
  try {
    return verify(
      digest,
      signed,
      createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' }),
      signature,
    );
  } catch (cause) {
    // OpenSSL throws for keys of a form or curve that it does not know.
    return refusePeer('key', cause);
  }
}
