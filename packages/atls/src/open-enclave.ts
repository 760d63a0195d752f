import { ByteReader, equalBytes, fromHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';

/** OE_FORMAT_UUID_SGX_ECDSA. */
const sgxEcdsa = fromHex('a3a21e871b4d4014b70aa125d2fbcd8c');
const reportVersion = 1;
const remoteReport = 2;
/** V3: the quote is not prefixed with a header of its own. Open Enclave verifies no earlier one. */
const evidenceVersion = 3;
/** A quote's header and its report body, and where the length of its signature data is. */
const quoteFixedBytes = 436;

/**
 * The quote in a report of Open Enclave (oe_report_header_t): version, type and size, then the quote.
 * @throws a CODEC error.
 */
export function quoteOfReport(bytes: Uint8Array): Uint8Array {
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
  // A C structure without a packing of its own: the size, of 64 bits, is aligned. What is before it says nothing.
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
