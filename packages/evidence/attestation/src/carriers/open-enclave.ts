import { ByteReader, DerReader, DerTag, equalBytes, fromHex } from '@enclos/codec';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { beginsLikeQuote } from './quote-start.ts';

/** OE_FORMAT_UUID_SGX_ECDSA. */
const sgxEcdsa = fromHex('a3a21e871b4d4014b70aa125d2fbcd8c');
const reportVersion = 1;
const remoteReport = 2;
/** V3: no second header comes before the quote. Open Enclave verifies no earlier one. */
const evidenceVersion = 3;
/** A quote's header and its report body, and where the length of its signature data is. */
const quoteFixedBytes = 436;

/** The quote in an extension for reports of Open Enclave. */
export interface ReportExtension {
  readonly quote: Uint8Array;
  /** False for a quote without `oe_report_header_t`, as Azure Attestation certifies its signing keys. */
  readonly hasHeader: boolean;
}

/**
 * Reads the extension of a report of Open Enclave. Three forms are in use: the
 * report itself, the report in an OCTET STRING, and a quote without the header in
 * an OCTET STRING, which the certificates of Azure Attestation have. A quote that
 * has neither header nor OCTET STRING is read as well: its first bytes are never
 * those of the other forms.
 *
 * @param value what the OCTET STRING `extnValue` holds.
 * @throws a CODEC error.
 */
export function quoteOfReportExtension(value: Uint8Array): ReportExtension {
  const content = withoutOctetString(value);
  if (beginsLikeQuote(content)) return { quote: content, hasHeader: false };
  return { quote: quoteOfReport(content), hasHeader: true };
}

/** The content of the one OCTET STRING that the bytes are; the bytes themselves when they are not one. */
export function withoutOctetString(value: Uint8Array): Uint8Array {
  if (value[0] !== DerTag.OCTET_STRING) return value;
  return elementOf(value, DerTag.OCTET_STRING) ?? value;
}

/**
 * True for a small INTEGER in DER. Certificates of Azure Attestation have one, a
 * version, in the extension whose identifier Open Enclave used for evidence.
 */
export function isVersionNumber(value: Uint8Array): boolean {
  return elementOf(value, DerTag.INTEGER)?.length === 1;
}

/** The content of the one element of this tag that the bytes are. */
function elementOf(bytes: Uint8Array, tag: number): Uint8Array | undefined {
  try {
    const reader = new DerReader(bytes);
    const { content } = reader.element(tag);
    reader.end();
    return content;
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return undefined;
  }
}

/** `oe_report_header_t`: version, type and size, then the quote. */
function quoteOfReport(bytes: Uint8Array): Uint8Array {
  const reader = new ByteReader(bytes);
  if (reader.u32() !== reportVersion) throw invalid('A report of Open Enclave of another version than 1.');
  if (reader.u32() !== remoteReport) throw invalid('A report of Open Enclave that is not for remote attestation.');
  const quote = reader.bytes(sizeOf(reader.u64()));
  reader.end();
  return quote;
}

/** Evidence of Open Enclave: a quote, and the custom claims that its report data is the hash of. */
export interface OpenEnclaveEvidence {
  readonly quote: Uint8Array;
  readonly customClaims: Uint8Array;
}

/**
 * Evidence of Open Enclave with its header (oe_attestation_header_t): version,
 * format, four bytes of alignment and size, then the quote, then the custom claims.
 * @throws a CODEC error.
 */
export function decodeOpenEnclaveEvidence(bytes: Uint8Array): OpenEnclaveEvidence {
  const reader = new ByteReader(bytes);
  if (reader.u32() !== evidenceVersion) throw invalid('Evidence of Open Enclave of another version than 3.');
  const isEcdsa = equalBytes(reader.bytes(16), sgxEcdsa);
  if (!isEcdsa) throw invalid('Evidence of Open Enclave of another format than SGX_ECDSA.');
  // The C structure is not packed, so the size, of 64 bits, is aligned. The bytes before it mean nothing.
  reader.bytes(4);
  const data = reader.bytes(sizeOf(reader.u64()));
  reader.end();
  const inner = new ByteReader(data, quoteFixedBytes - 4);
  const quoteBytes = quoteFixedBytes + inner.u32();
  const whole = new ByteReader(data);
  return { quote: whole.bytes(quoteBytes), customClaims: whole.bytes(whole.remaining) };
}

function sizeOf(size: bigint): number {
  if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw new EnclosError('CODEC_OUT_OF_RANGE', 'A size of 2^53 or more.');
  return Number(size);
}

function invalid(message: string): EnclosError {
  return new EnclosError('CODEC_INVALID', message);
}
