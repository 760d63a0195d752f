import { EnclosError } from '@enclos/errors';
import { DerReader } from './der.ts';
import { toHex } from './text-forms.ts';

/** What matters of a certificate whose key vouches for itself by evidence: names, dates and signature mean nothing there. */
export interface CertificateParts {
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  /** Extension values, by the hex of the content of their OBJECT IDENTIFIER. */
  readonly extensions: ReadonlyMap<string, Uint8Array>;
}

/** With a quote of each of three forms, and endorsements. */
const maximumBytes = 524_288;
const maximumExtensions = 32;

/**
 * Reads key and extensions of an X.509 version 3 certificate (RFC 5280 section
 * 4.1) with a key of any kind. The bytes are copied.
 *
 * @throws a CODEC error; also for an extension that occurs twice.
 */
export function readCertificate(input: Uint8Array): CertificateParts {
  if (input.length > maximumBytes) {
    throw new EnclosError('CODEC_OUT_OF_RANGE', `A certificate over ${maximumBytes} bytes.`);
  }
  const outer = new DerReader(new Uint8Array(input));
  const certificate = outer.sequence();
  outer.end();
  const fields = certificate.sequence();
  certificate.element(0x30);
  certificate.bitString();
  certificate.end();
  const version = fields.optionalExplicit(0);
  if (version?.integer(255) !== 2) throw new EnclosError('CODEC_INVALID', 'Not an X.509 version 3 certificate.');
  version.end();
  fields.magnitude(20);
  // signature, issuer, validity, subject.
  for (let i = 0; i < 4; i++) fields.element(0x30);
  const publicKey = fields.element(0x30).encoded;
  // issuerUniqueID and subjectUniqueID, which nobody uses.
  while (fields.peek() === 0x81 || fields.peek() === 0x82) fields.element();
  const extensions = readExtensions(fields.optionalExplicit(3));
  fields.end();
  return Object.freeze({ publicKey, extensions });
}

function readExtensions(wrapper: DerReader | undefined): ReadonlyMap<string, Uint8Array> {
  const extensions = new Map<string, Uint8Array>();
  if (wrapper === undefined) return extensions;
  const list = wrapper.sequence();
  wrapper.end();
  while (!list.done) {
    const extension = list.sequence();
    // Not decoded: one of the forms has bytes there that are no object identifier.
    const id = toHex(extension.element(0x06).content);
    if (extension.peek() === 0x01) extension.boolean();
    const value = extension.octetString();
    extension.end();
    if (extensions.has(id)) throw new EnclosError('CODEC_INVALID', 'An extension that occurs twice.');
    if (extensions.size === maximumExtensions) throw new EnclosError('CODEC_OUT_OF_RANGE', 'Too many extensions.');
    extensions.set(id, value);
  }
  return extensions;
}
