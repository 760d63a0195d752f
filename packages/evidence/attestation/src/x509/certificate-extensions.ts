import { DerReader } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';

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
export const KeyUsage = Object.freeze({ digitalSignature: 1, keyCertSign: 1 << 5, crlSign: 1 << 6 } as const);

/** Extension values by object identifier. */
export type Extensions = ReadonlyMap<string, Uint8Array>;

const known: ReadonlySet<string> = new Set(Object.values(ExtensionId));
const maximumExtensions = 32;

/**
 * Reads a SEQUENCE OF Extension. Duplicates are refused (RFC 5280 section 4.2),
 * and so is a critical extension that is not known here.
 *
 * @throws a CODEC error.
 */
export function parseExtensions(reader: DerReader): Extensions {
  const extensions = new Map<string, Uint8Array>();
  const list = reader.sequence();
  if (list.done) throw new EnclosError('CODEC_INVALID', 'An empty list of extensions.');
  while (!list.done) {
    const extension = list.sequence();
    const id = extension.objectIdentifier();
    const critical = readDefaultFalse(extension);
    const value = extension.octetString();
    extension.end();
    if (extensions.has(id)) throw new EnclosError('CODEC_INVALID', `Extension ${id} occurs twice.`);
    if (critical && !known.has(id)) throw new EnclosError('CODEC_INVALID', `Unknown critical extension ${id}.`);
    if (extensions.size === maximumExtensions) throw new EnclosError('CODEC_OUT_OF_RANGE', 'Too many extensions.');
    extensions.set(id, value);
  }
  return extensions;
}

/** BasicConstraints (RFC 5280 section 4.2.1.9). */
export function parseBasicConstraints(value: Uint8Array): {
  readonly isAuthority: boolean;
  readonly pathLength?: number;
} {
  const outer = new DerReader(value);
  const fields = outer.sequence();
  outer.end();
  const isAuthority = readDefaultFalse(fields);
  if (fields.done) return { isAuthority };
  const pathLength = fields.integer(255);
  fields.end();
  if (!isAuthority) throw new EnclosError('CODEC_INVALID', 'A path length on a certificate that is no authority.');
  return { isAuthority, pathLength };
}

/**
 * KeyUsage as a number of `KeyUsage` bits. A named bit list ends in a set bit
 * (X.690 section 11.2.2); AMD's, whose authorities all spell out one bit more,
 * are read with `padded`.
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
  const outer = new DerReader(value);
  const fields = outer.sequence();
  outer.end();
  return fields.element(0x80).content;
}

/** BOOLEAN DEFAULT FALSE: DER omits the default (X.690 section 11.5). */
function readDefaultFalse(reader: DerReader): boolean {
  if (reader.peek() !== 0x01) return false;
  if (!reader.boolean()) throw new EnclosError('CODEC_INVALID', 'A default value that is spelled out.');
  return true;
}
