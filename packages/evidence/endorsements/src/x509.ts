import { DerReader, readWholeSequence, DerTag, toHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';

/**
 * What a client has to know of certificates and revocation lists: names,
 * dates, extensions. Of any algorithm, since Intel signs with ECDSA and AMD
 * with RSA. Nothing is verified here, and nothing that is trusted comes from
 * here: signatures are the verifier's.
 */
export interface CertificateShape {
  readonly encoded: Uint8Array;
  /** The DER of the names, as hex. */
  readonly issuer: string;
  readonly subject: string;
  readonly commonName: string;
  /** SubjectPublicKeyInfo, DER, as hex. */
  readonly publicKey: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** Values by object identifier. */
  readonly extensions: ReadonlyMap<string, Uint8Array>;
}

export interface RevocationListShape {
  /** The DER of the name, as hex. */
  readonly issuer: string;
  readonly thisUpdateMs: number;
  readonly nextUpdateMs: number;
}

export const maximumCertificateBytes = 16_384;
/** The bound of the verifier. */
export const maximumCrlBytes = 1_048_576;
const commonNameType = '2.5.4.3';
const crlDistributionPoints = '2.5.29.31';
const maximumExtensions = 64;

/** @throws a CODEC error. */
export function readCertificate(input: Uint8Array): CertificateShape {
  const { encoded, fields } = readSigned(input, maximumCertificateBytes);
  fields.optionalExplicit(0);
  fields.element(DerTag.INTEGER);
  fields.element(DerTag.SEQUENCE);
  const issuer = fields.element(DerTag.SEQUENCE).encoded;
  const validity = fields.sequence();
  const notBeforeMs = validity.time();
  const notAfterMs = validity.time();
  validity.end();
  const subject = fields.element(DerTag.SEQUENCE).encoded;
  const publicKey = fields.element(DerTag.SEQUENCE).encoded;
  const wrapper = fields.optionalExplicit(3);
  const extensions = wrapper === undefined ? new Map<string, Uint8Array>() : readExtensions(wrapper);
  wrapper?.end();
  fields.end();
  return Object.freeze({
    encoded,
    issuer: toHex(issuer),
    subject: toHex(subject),
    commonName: commonNameOf(subject),
    publicKey: toHex(publicKey),
    notBeforeMs,
    notAfterMs,
    extensions,
  });
}

/** @throws a CODEC error. */
export function readRevocationList(input: Uint8Array): RevocationListShape {
  const { fields } = readSigned(input, maximumCrlBytes);
  fields.element(DerTag.INTEGER);
  fields.element(DerTag.SEQUENCE);
  const issuer = fields.element(DerTag.SEQUENCE).encoded;
  const thisUpdateMs = fields.time();
  const nextUpdateMs = fields.time();
  if (nextUpdateMs < thisUpdateMs) {
    throw new EnclosError('CODEC_INVALID', 'A revocation list that ends before it begins.');
  }
  if (fields.peek() === DerTag.SEQUENCE) fields.element(DerTag.SEQUENCE);
  const extensions = fields.optionalExplicit(0);
  if (extensions !== undefined) readExtensions(extensions);
  fields.end();
  return Object.freeze({ issuer: toHex(issuer), thisUpdateMs, nextUpdateMs });
}

/** The first URI of CRLDistributionPoints (RFC 5280 section 4.2.1.13). @throws a CODEC error when there is none. */
export function crlDistributionPoint(certificate: CertificateShape): string {
  const value = certificate.extensions.get(crlDistributionPoints);
  if (value === undefined) throw new EnclosError('CODEC_INVALID', 'A root without a CRL distribution point.');
  const point = new DerReader(value).sequence().sequence();
  const uri = point.optionalExplicit(0)?.optionalExplicit(0)?.element(0x86).content;
  if (uri === undefined || uri.length > 2048) throw new EnclosError('CODEC_INVALID', 'No URI in a distribution point.');
  return new TextDecoder('latin1').decode(uri);
}

/** Checks that each certificate is issued in the name of the next one, and the last one in its own. */
export function checkNames(chain: readonly CertificateShape[]): void {
  chain.forEach((certificate, index) => {
    const issuer = chain[index + 1] ?? certificate;
    if (certificate.issuer !== issuer.subject) {
      throw new EnclosError('CODEC_INVALID', 'A chain of certificates that do not belong together.');
    }
  });
}

/** Certificate and CertificateList have the same three parts (RFC 5280 sections 4.1 and 5.1). */
function readSigned(input: Uint8Array, maxBytes: number): { readonly encoded: Uint8Array; readonly fields: DerReader } {
  if (input.length > maxBytes) {
    throw new EnclosError('CODEC_OUT_OF_RANGE', `A signed DER value over ${maxBytes} bytes.`);
  }
  const encoded = input.slice();
  const parts = readWholeSequence(encoded);
  const fields = parts.sequence();
  parts.element(DerTag.SEQUENCE);
  parts.bitString();
  parts.end();
  return { encoded, fields };
}

function readExtensions(wrapper: DerReader): ReadonlyMap<string, Uint8Array> {
  const extensions = new Map<string, Uint8Array>();
  for (const list = wrapper.sequence(); !list.done;) {
    const extension = list.sequence();
    const id = extension.objectIdentifier();
    if (extension.peek() === DerTag.BOOLEAN) extension.boolean();
    const value = extension.octetString();
    extension.end();
    if (extensions.has(id)) throw new EnclosError('CODEC_INVALID', `Extension ${id} occurs twice.`);
    if (extensions.size === maximumExtensions) throw new EnclosError('CODEC_OUT_OF_RANGE', 'Too many extensions.');
    extensions.set(id, value);
  }
  return extensions;
}

function commonNameOf(name: Uint8Array): string {
  let commonName = '';
  for (const names = new DerReader(name).sequence(); !names.done;) {
    const attribute = names.set().sequence();
    const type = attribute.objectIdentifier();
    if (type === commonNameType) commonName = attribute.text(256);
  }
  return commonName;
}
