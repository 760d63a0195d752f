import { EnclosError } from '@enclos/errors';
import { DerReader, readWholeSequence } from '../der.ts';

/** Object identifiers of the extensions that a DCAP chain uses (RFC 5280 section 4.2, Intel's PCK profile). */
export const ExtensionId = Object.freeze({
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  basicConstraints: '2.5.29.19',
  crlNumber: '2.5.29.20',
  reasonCode: '2.5.29.21',
  crlDistributionPoints: '2.5.29.31',
  authorityKeyIdentifier: '2.5.29.35',
  sgx: '1.2.840.113741.1.13.1',
} as const);

/** Bits of KeyUsage (RFC 5280 section 4.2.1.3), the first as the lowest. */
export const KeyUsage = Object.freeze({
  digitalSignature: 1,
  contentCommitment: 1 << 1,
  keyCertSign: 1 << 5,
  crlSign: 1 << 6,
} as const);

/** Extension values by object identifier. */
export type Extensions = ReadonlyMap<string, Uint8Array>;

/** One extension of a certificate. */
export interface ExtensionShape {
  /** The object identifier in dotted decimals. */
  readonly id: string;
  readonly critical: boolean;
  /** What the OCTET STRING holds. */
  readonly value: Uint8Array;
}

/** Whether a default value must be omitted, as DER requires (X.690 section 11.5), or may be spelled out, as many issuers do. */
export type ExtensionDefaults = 'omitted' | 'any';

const understood: ReadonlySet<string> = new Set(Object.values(ExtensionId));
const maximumExtensions = 32;

/**
 * Reads the members of a SEQUENCE OF Extension. Duplicates are refused (RFC 5280 section 4.2).
 *
 * @param keep what is kept of each extension.
 * @throws a CODEC error.
 */
export function readExtensions<T>(
  list: DerReader,
  defaults: ExtensionDefaults,
  keep: (extension: ExtensionShape) => T,
): ReadonlyMap<string, T> {
  const extensions = new Map<string, T>();
  if (list.done) throw new EnclosError('CODEC_INVALID', 'An empty list of extensions.');
  while (!list.done) {
    const extension = list.sequence();
    const id = extension.objectIdentifier();
    const critical = readDefaultFalse(extension, defaults);
    const value = extension.octetString();
    extension.end();
    if (extensions.has(id)) throw new EnclosError('CODEC_INVALID', `Extension ${id} occurs twice.`);
    if (extensions.size === maximumExtensions) throw new EnclosError('CODEC_OUT_OF_RANGE', 'Too many extensions.');
    extensions.set(id, keep({ id, critical, value }));
  }
  return extensions;
}

/** As `readExtensions`, for verification: a critical extension that is not understood here is refused. */
export function parseExtensions(list: DerReader): Extensions {
  return readExtensions(list, 'omitted', ({ id, critical, value }) => {
    if (critical && !understood.has(id)) throw new EnclosError('CODEC_INVALID', `Unknown critical extension ${id}.`);
    return value;
  });
}

/** BasicConstraints (RFC 5280 section 4.2.1.9). Where `defaults` is `any`, a path length may stand anywhere. */
export function parseBasicConstraints(
  value: Uint8Array,
  defaults: ExtensionDefaults = 'omitted',
): { readonly isAuthority: boolean; readonly pathLength?: number } {
  const fields = readWholeSequence(value);
  const isAuthority = readDefaultFalse(fields, defaults);
  if (fields.done) return { isAuthority };
  const pathLength = fields.integer(255);
  fields.end();
  if (!isAuthority && defaults === 'omitted') {
    throw new EnclosError('CODEC_INVALID', 'A path length on a certificate that is not an authority.');
  }
  return { isAuthority, pathLength };
}

/**
 * KeyUsage as a number of `KeyUsage` bits. A named bit list ends in a set bit
 * (X.690 section 11.2.2); AMD's authorities all spell out one bit more, and are read with `padded`.
 */
export function parseKeyUsage(value: Uint8Array, form: 'canonical' | 'padded'): number {
  const outer = new DerReader(value);
  const { unusedBits, bytes } = outer.bitString();
  outer.end();
  const [first = 0, second = 0] = bytes;
  const last = bytes.at(-1);
  const isCanonical = last !== undefined && ((last >> unusedBits) & 1) === 1;
  if (bytes.length > 2 || last === undefined || (form === 'canonical' && !isCanonical)) {
    throw new EnclosError('CODEC_INVALID', 'A key usage that is empty or not canonical.');
  }
  let usage = 0;
  for (let bit = 0; bit < 9; bit++) {
    const octet = bit < 8 ? first : second;
    if ((octet & (0x80 >> (bit % 8))) !== 0) usage |= 1 << bit;
  }
  return usage;
}

/** SubjectKeyIdentifier: the identifier. */
export function parseSubjectKeyIdentifier(value: Uint8Array): Uint8Array {
  const outer = new DerReader(value);
  const identifier = outer.octetString();
  outer.end();
  return identifier;
}

/** AuthorityKeyIdentifier: the key identifier, which it must have. */
export function parseAuthorityKeyIdentifier(value: Uint8Array): Uint8Array {
  const fields = readWholeSequence(value);
  return fields.element(0x80).content;
}

/** CRLDistributionPoints (RFC 5280 section 4.2.1.13): the first URI. */
export function parseCrlDistributionPoint(value: Uint8Array): string {
  const point = new DerReader(value).sequence().sequence();
  const uri = point.optionalExplicit(0)?.optionalExplicit(0)?.element(0x86).content;
  if (uri === undefined || uri.length > 2048) throw new EnclosError('CODEC_INVALID', 'No URI in a distribution point.');
  return String.fromCharCode(...uri);
}

/** BOOLEAN DEFAULT FALSE. */
function readDefaultFalse(reader: DerReader, defaults: ExtensionDefaults): boolean {
  if (reader.peek() !== 0x01) return false;
  const value = reader.boolean();
  if (!value && defaults === 'omitted') throw new EnclosError('CODEC_INVALID', 'A default value that is spelled out.');
  return value;
}
