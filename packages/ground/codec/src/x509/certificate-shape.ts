import { EnclosError } from '@enclos/errors';
import { type DerReader, readWholeSequence, DerTag } from '../der.ts';
import { decodeMagnitude } from '../der-values.ts';
import { readExtensions, type ExtensionShape } from './extensions.ts';
import { readSignedValue, type SignedValue } from './signed-value.ts';

/** Enough for a quote in each of three forms, and endorsements. */
const maximumBytes = 524_288;

/** The fields of a certificate (RFC 5280 section 4.1), not decoded. Byte fields are views of one copy. */
export interface CertificateFields extends SignedValue {
  /** 1 to 3. */
  readonly version: number;
  /** Content of the INTEGER. */
  readonly serialNumber: Uint8Array;
  /** AlgorithmIdentifier inside the signed bytes, DER. */
  readonly signedAlgorithm: Uint8Array;
  /** Name, DER. `readName` and `describeName` decode it. */
  readonly issuer: Uint8Array;
  /** Validity, DER. `readValidity` and `describeValidity` decode it. */
  readonly validity: Uint8Array;
  /** Name, DER. */
  readonly subject: Uint8Array;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
}

/** What a certificate says: its fields, and its extensions by object identifier. Nothing is verified or judged. */
export interface CertificateShape extends CertificateFields {
  readonly extensions: ReadonlyMap<string, ExtensionShape>;
}

/**
 * Reads what an X.509 certificate says, with a key and a signature of any kind. The meaning of a field is decided where it is
 * used: names and dates that no rule needs are not decoded. Use `parseCertificate` for certificates that are verified to a
 * root.
 *
 * @param input DER, which is copied.
 * @param limits `maxBytes`: default 524,288.
 * @throws a CODEC error for input that is not a certificate in DER, and for an extension that occurs twice.
 * @example const { publicKey, extensions } = readCertificateShape(der);
 */
export function readCertificateShape(
  input: Uint8Array,
  { maxBytes = maximumBytes }: { readonly maxBytes?: number } = {},
): CertificateShape {
  const { fields, list } = readCertificateFields(input, maxBytes);
  const extensions =
    list === undefined ? new Map<string, ExtensionShape>() : readExtensions(list, 'any', (extension) => extension);
  return Object.freeze({ ...fields, extensions });
}

/**
 * The fields, and a reader of the list of extensions if there is one. Unique identifiers are refused: certificates must not
 * have them (RFC 5280 section 4.1.2.8).
 */
export function readCertificateFields(
  input: Uint8Array,
  maxBytes: number,
): { readonly fields: CertificateFields; readonly list: DerReader | undefined } {
  const signed = readSignedValue(input, maxBytes);
  const reader = readWholeSequence(signed.signedBytes);
  const version = reader.optionalExplicit(0);
  const fields = {
    ...signed,
    version: 1 + (version?.integer(2) ?? 0),
    serialNumber: reader.element(DerTag.INTEGER).content,
    signedAlgorithm: reader.element(DerTag.SEQUENCE).encoded,
    issuer: reader.element(DerTag.SEQUENCE).encoded,
    validity: reader.element(DerTag.SEQUENCE).encoded,
    subject: reader.element(DerTag.SEQUENCE).encoded,
    publicKey: reader.element(DerTag.SEQUENCE).encoded,
  };
  version?.end();
  const wrapper = reader.optionalExplicit(3);
  reader.end();
  const list = wrapper?.sequence();
  wrapper?.end();
  return { fields, list };
}

/**
 * Checks that a certificate is of version 3 with a serial number of at most 20 bytes (RFC 5280 sections 4.1.2.1 and
 * 4.1.2.2).
 * @returns the serial number, big-endian.
 * @throws a CODEC error.
 */
export function requireVersion3({ version, serialNumber }: CertificateFields): Uint8Array {
  if (version !== 3) throw new EnclosError('CODEC_INVALID', 'Not an X.509 version 3 certificate.');
  return decodeMagnitude(serialNumber, 20);
}
