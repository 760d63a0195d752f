import { ByteReader, type ByteWriter } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { encodeReportBody, parseReportBody, type ReportBody } from './report.ts';

/** The part of a quote after its signed bytes: the signature, and the data that vouches for its key. */
export interface QuoteSignatureParts {
  /** 64 bytes, r then s, big-endian: over the signed bytes, by the attestation key. */
  readonly isvSignature: Uint8Array;
  /** 64 bytes, x then y, big-endian. */
  readonly attestationKey: Uint8Array;
  readonly qeReport: ReportBody;
  /** 64 bytes: over the QE report, by the PCK. */
  readonly qeReportSignature: Uint8Array;
  /** At most 65535 bytes. */
  readonly qeAuthData: Uint8Array;
  /** 5: PCK chain in PEM. Kept as it is: the verifier decides which types to accept. */
  readonly certificationDataType: number;
  readonly certificationData: Uint8Array;
}

export interface QuoteSignature extends QuoteSignatureParts {
  /** The 384 bytes that `qeReportSignature` covers, reserved bytes as they were. */
  readonly qeReportBytes: Uint8Array;
  /** All bytes after `isvSignature`: the attestation key, and everything that vouches for it. */
  readonly certifyingBytes: Uint8Array;
}

/**
 * The layout of the parts: `flat`, one after the other (version 3), or `nested`, with everything that certifies the attestation
 * key inside certification data of type 6 (versions 4 and 5).
 */
type Form = 'flat' | 'nested';

const bodyLength = 384;
const keyLength = 64 + 64;
const certificateHeaderLength = 6;
/** "QE report certification data" (Intel DCAP, Quote Library Reference, appendix A.4). */
const qeReportCertification = 6;

/** @throws SGX_QUOTE_INVALID always. */
export function refuseQuote(reason: string): never {
  throw new EnclosError('SGX_QUOTE_INVALID', `Quote: ${reason}`);
}

/** @throws SGX_QUOTE_INVALID when fewer than `length` bytes are left. */
export function need(reader: ByteReader, length: number, what: string): void {
  if (reader.remaining < length) refuseQuote(`${what} wants ${length} bytes, ${reader.remaining} are left.`);
}

/**
 * Parses signature data, which must be all of `bytes`. The parts are views of them, so no other code may hold them.
 *
 * @throws SGX_QUOTE_INVALID
 */
export function parseQuoteSignature(bytes: Uint8Array, form: Form): QuoteSignature {
  const reader = new ByteReader(bytes);
  need(reader, keyLength, 'the signature data');
  const isvSignature = reader.view(64);
  const certifyingBytes = bytes.subarray(64);
  const attestationKey = reader.view(64);
  if (form === 'nested') enterCertification(reader);
  need(reader, bodyLength + 64 + 2, 'the QE report and its signature');
  const qeReportBytes = reader.view(bodyLength);
  const qeReportSignature = reader.view(64);
  const qeAuthData = parseCounted(reader, reader.u16(), 'the QE authentication data');
  need(reader, certificateHeaderLength, 'the certification data header');
  const certificationDataType = reader.u16();
  const certificationData = parseCounted(reader, reader.u32(), 'the certification data');
  if (reader.remaining !== 0) refuseQuote('bytes follow the certification data.');
  return Object.freeze({
    isvSignature,
    attestationKey,
    // Not a getter that reads it when asked for: to make one takes longer than to read 384 bytes.
    qeReport: parseReportBody(qeReportBytes, { reserved: 'ignore' }),
    qeReportBytes,
    certifyingBytes,
    qeReportSignature,
    qeAuthData,
    certificationDataType,
    certificationData,
  });
}

function enterCertification(reader: ByteReader): void {
  need(reader, certificateHeaderLength, 'the certification data header');
  if (reader.u16() !== qeReportCertification) refuseQuote('the certification data is not that of a QE report.');
  if (reader.u32() !== reader.remaining) refuseQuote('the certification data is shorter or longer than it says.');
}

function parseCounted(reader: ByteReader, length: number, what: string): Uint8Array {
  need(reader, length, what);
  return reader.view(length);
}

/** Bytes of the signature data. */
export function quoteSignatureLength(signature: QuoteSignatureParts, form: Form): number {
  const inner = bodyLength + 64 + 2 + signature.qeAuthData.length;
  const certified = inner + certificateHeaderLength + signature.certificationData.length;
  return keyLength + (form === 'nested' ? certificateHeaderLength : 0) + certified;
}

export function writeQuoteSignature(writer: ByteWriter, signature: QuoteSignatureParts, form: Form): ByteWriter {
  const { qeAuthData, certificationData } = signature;
  writer.fixed(signature.isvSignature, 64).fixed(signature.attestationKey, 64);
  if (form === 'nested') {
    const innerLength = quoteSignatureLength(signature, form) - keyLength - certificateHeaderLength;
    writer.u16(qeReportCertification).u32(innerLength);
  }
  return writer
    .bytes(encodeReportBody(signature.qeReport))
    .fixed(signature.qeReportSignature, 64)
    .u16(qeAuthData.length)
    .bytes(qeAuthData)
    .u16(signature.certificationDataType)
    .u32(certificationData.length)
    .bytes(certificationData);
}
