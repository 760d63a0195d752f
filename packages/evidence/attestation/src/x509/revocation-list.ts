import { DerReader, DerTag, toHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { parseExtensions, type Extensions } from './certificate-extensions.ts';
import { p256Form } from './certificate.ts';
import { parseSigned, readName, readSameAlgorithm, type DistinguishedName, type SignatureForm } from './x509.ts';

/** Intel's largest has 57 entries in 2.7 KiB. */
export const maximumCrlBytes = 1_048_576;

/** An X.509 v2 certificate revocation list. */
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
 * Parses a CRL (RFC 5280 section 5.1). A delta or indirect list marks itself
 * with a critical extension, and is refused for that.
 *
 * @param form how its issuer signs; ECDSA with P-256 and SHA-256 unless given.
 * @throws a CODEC error.
 */
export function parseRevocationList(input: Uint8Array, form: SignatureForm = p256Form): RevocationList {
  const { signedBytes, signature, algorithm } = parseSigned(input, maximumCrlBytes, form);
  const fields = new DerReader(signedBytes).sequence();
  if (fields.integer(255) !== 1) throw new EnclosError('CODEC_INVALID', 'Not an X.509 version 2 revocation list.');
  readSameAlgorithm(fields, algorithm);
  const issuer = readName(fields);
  const thisUpdateMs = fields.time();
  const nextUpdateMs = fields.time();
  const revokedSerialNumbers = fields.peek() === DerTag.SEQUENCE ? readRevoked(fields.sequence()) : new Set<string>();
  const wrapper = fields.optionalExplicit(0);
  if (wrapper === undefined) throw new EnclosError('CODEC_INVALID', 'A revocation list without extensions.');
  const extensions = parseExtensions(wrapper);
  wrapper.end();
  fields.end();
  return Object.freeze({
    signedBytes,
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
    if (!entry.done) parseExtensions(entry);
    entry.end();
  }
  return serialNumbers;
}
