import { EnclosError } from '@enclos/errors';
import { type DerReader, readWholeSequence, DerTag } from '../der.ts';
import { toHex } from '../text-forms.ts';
import { readSignature, type SignatureForm } from './certificate.ts';
import { parseExtensions, readExtensions, type Extensions } from './extensions.ts';
import { readName, type DistinguishedName } from './names.ts';
import { readSignedValue } from './signed-value.ts';

/** Intel's largest has 57 entries in 2.7 KiB. */
export const maximumCrlBytes = 1_048_576;

/** An X.509 v2 certificate revocation list that is verified to a root. */
export interface RevocationList {
  /** tbsCertList, DER. */
  readonly signedBytes: Uint8Array;
  /** In the form that WebCrypto takes. */
  readonly signature: Uint8Array;
  readonly issuer: DistinguishedName;
  readonly thisUpdateMs: number;
  readonly nextUpdateMs: number;
  /** Serial numbers as hex without leading zeros. */
  readonly revokedSerialNumbers: ReadonlySet<string>;
  readonly extensions: Extensions;
}

/**
 * Parses a CRL (RFC 5280 section 5.1), strictly: for verification. A delta or indirect list marks itself
 * with a critical extension, and is refused for that.
 *
 * @param form how its issuer signs.
 * @throws a CODEC error.
 */
export function parseRevocationList(input: Uint8Array, form: SignatureForm): RevocationList {
  const signed = readSignedValue(input, maximumCrlBytes);
  const fields = readWholeSequence(signed.signedBytes);
  if (fields.integer(255) !== 1) throw new EnclosError('CODEC_INVALID', 'Not an X.509 version 2 revocation list.');
  const signature = readSignature(signed, fields.element(DerTag.SEQUENCE).encoded, form);
  const issuer = readName(fields.element(DerTag.SEQUENCE).encoded);
  const thisUpdateMs = fields.time();
  const nextUpdateMs = fields.time();
  const revokedSerialNumbers = fields.peek() === DerTag.SEQUENCE ? readRevoked(fields.sequence()) : new Set<string>();
  const wrapper = fields.optionalExplicit(0);
  if (wrapper === undefined) throw new EnclosError('CODEC_INVALID', 'A revocation list without extensions.');
  const extensions = parseExtensions(wrapper.sequence());
  wrapper.end();
  fields.end();
  return Object.freeze({
    signedBytes: signed.signedBytes,
    signature,
    issuer,
    thisUpdateMs,
    nextUpdateMs,
    revokedSerialNumbers,
    extensions,
  });
}

function readRevoked(list: DerReader): ReadonlySet<string> {
  // RFC 5280 section 5.1.2.6: absent, not empty, when nothing is revoked.
  if (list.done) throw new EnclosError('CODEC_INVALID', 'An empty list of revoked certificates.');
  const serialNumbers = new Set<string>();
  while (!list.done) {
    const entry = list.sequence();
    serialNumbers.add(toHex(entry.magnitude(20)));
    entry.time();
    if (!entry.done) parseExtensions(entry.sequence());
    entry.end();
  }
  return serialNumbers;
}

/** What a revocation list says about itself. Nothing is verified, and the revoked entries are not read. */
export interface RevocationListShape {
  /** Name, DER. */
  readonly issuer: Uint8Array;
  readonly thisUpdateMs: number;
  readonly nextUpdateMs: number;
}

/** Reads what a revocation list says, with a signature of any kind. @throws a CODEC error. */
export function readRevocationListShape(input: Uint8Array): RevocationListShape {
  const fields = readWholeSequence(readSignedValue(input, maximumCrlBytes).signedBytes);
  fields.element(DerTag.INTEGER);
  fields.element(DerTag.SEQUENCE);
  const issuer = fields.element(DerTag.SEQUENCE).encoded;
  const thisUpdateMs = fields.time();
  const nextUpdateMs = fields.time();
  if (nextUpdateMs < thisUpdateMs) {
    throw new EnclosError('CODEC_INVALID', 'A revocation list that ends before it begins.');
  }
  if (fields.peek() === DerTag.SEQUENCE) fields.element(DerTag.SEQUENCE);
  const wrapper = fields.optionalExplicit(0);
  if (wrapper !== undefined) readExtensions(wrapper.sequence(), 'any', ({ id }) => id);
  wrapper?.end();
  fields.end();
  return Object.freeze({ issuer, thisUpdateMs, nextUpdateMs });
}
