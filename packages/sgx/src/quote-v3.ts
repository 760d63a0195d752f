import { ByteReader, ByteWriter, isZero } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { encodeReportBody, parseReportBody, type ReportBody } from './report.ts';

/** What the quoting enclave signed beside the body. */
interface QuoteV3Header {
  readonly qeSvn: number;
  readonly pceSvn: number;
  /** 16 bytes. */
  readonly qeVendorId: Uint8Array;
  /** 20 bytes. */
  readonly userData: Uint8Array;
}

interface QuoteV3SignatureParts {
  /** 64 bytes, r then s, big-endian: over the signed bytes, by the attestation key. */
  readonly isvSignature: Uint8Array;
  /** 64 bytes, x then y, big-endian. */
  readonly attestationKey: Uint8Array;
  readonly qeReport: ReportBody;
  /** 64 bytes: over the QE report, by the PCK. */
  readonly qeReportSignature: Uint8Array;
  /** At most 65535 bytes. */
  readonly qeAuthData: Uint8Array;
  /** 5: PCK chain in PEM. Kept as it is: which types are accepted is the verifier's to say. */
  readonly certificationDataType: number;
  readonly certificationData: Uint8Array;
}

export interface QuoteV3Signature extends QuoteV3SignatureParts {
  /** The 384 bytes that `qeReportSignature` covers, reserved bytes as they were. */
  readonly qeReportBytes: Uint8Array;
}

/** A DCAP quote of version 3 with ECDSA P-256 (Intel DCAP, Quote Library Reference, appendix A.4). */
export interface QuoteV3 extends QuoteV3Header {
  readonly version: 3;
  readonly attestationKeyType: 2;
  readonly reportBody: ReportBody;
  /** The 432 bytes that `isvSignature` covers, reserved bytes as they were. */
  readonly signedBytes: Uint8Array;
  readonly signature: QuoteV3Signature;
}

/** What a quoting enclave signs. */
export interface QuoteV3Content extends QuoteV3Header {
  readonly reportBody: ReportBody;
}

/** What a quote is made of. A parsed quote is one too. */
export interface QuoteV3Parts extends QuoteV3Content {
  readonly signature: QuoteV3SignatureParts;
}

const signedLength = 432;
const bodyLength = 384;
const fixedSignatureLength = 64 + 64 + bodyLength + 64;

function refuse(reason: string): never {
  throw new EnclosError('SGX_QUOTE_INVALID', `Quote: ${reason}`);
}

function need(reader: ByteReader, length: number, what: string): void {
  if (reader.remaining < length) refuse(`${what} wants ${length} bytes, ${reader.remaining} are left.`);
}

/**
 * Parses a version 3 quote; checks no signature.
 *
 * @param options `allowTrailing`: accept bytes after the quote, as files of some
 * services have them. They are never accepted inside it.
 * @throws SGX_QUOTE_INVALID
 */
export function parseQuoteV3(bytes: Uint8Array, options: { readonly allowTrailing?: boolean } = {}): QuoteV3 {
  const reader = new ByteReader(bytes);
  need(reader, signedLength + 4, 'the header and report body');
  const signedBytes = reader.bytes(signedLength);
  const header = parseHeader(signedBytes);
  const reportBody = parseReportBody(signedBytes.subarray(48), { reserved: 'ignore' });
  const authLength = reader.u32();
  need(reader, authLength, 'the signature data');
  if (reader.remaining !== authLength && options.allowTrailing !== true) refuse('bytes follow its end.');
  const signature = parseSignature(new ByteReader(bytes, reader.offset, reader.offset + authLength));
  return Object.freeze({ ...header, reportBody, signedBytes, signature });
}

function parseHeader(signedBytes: Uint8Array): QuoteV3Header & Pick<QuoteV3, 'version' | 'attestationKeyType'> {
  const reader = new ByteReader(signedBytes);
  if (reader.u16() !== 3) refuse('not version 3.');
  if (reader.u16() !== 2) refuse('the attestation key is not ECDSA P-256.');
  // Version 3 knows no TEE but SGX; these bytes became the TEE type in version 4.
  if (!isZero(reader.view(4))) refuse('the reserved bytes of the header are not zero.');
  return {
    version: 3,
    attestationKeyType: 2,
    qeSvn: reader.u16(),
    pceSvn: reader.u16(),
    qeVendorId: reader.bytes(16),
    userData: reader.bytes(20),
  };
}

function parseSignature(reader: ByteReader): QuoteV3Signature {
  need(reader, fixedSignatureLength + 2, 'the signature data');
  const isvSignature = reader.bytes(64);
  const attestationKey = reader.bytes(64);
  const qeReportBytes = reader.bytes(bodyLength);
  const qeReport = parseReportBody(qeReportBytes, { reserved: 'ignore' });
  const qeReportSignature = reader.bytes(64);
  const qeAuthData = parseCounted(reader, reader.u16(), 'the QE authentication data');
  need(reader, 6, 'the certification data header');
  const certificationDataType = reader.u16();
  const certificationData = parseCounted(reader, reader.u32(), 'the certification data');
  if (reader.remaining !== 0) refuse('bytes follow the certification data.');
  return Object.freeze({
    isvSignature,
    attestationKey,
    qeReport,
    qeReportBytes,
    qeReportSignature,
    qeAuthData,
    certificationDataType,
    certificationData,
  });
}

function parseCounted(reader: ByteReader, length: number, what: string): Uint8Array {
  need(reader, length, what);
  return reader.bytes(length);
}

function encoded(sizeBytes: number, write: (writer: ByteWriter) => ByteWriter): Uint8Array {
  try {
    return write(new ByteWriter({ sizeHint: sizeBytes, maxBytes: sizeBytes })).finish();
  } catch (cause) {
    if (!(cause instanceof EnclosError)) throw cause;
    throw new EnclosError('SGX_QUOTE_INVALID', `Quote: a part does not fit: ${cause.message}`, { cause });
  }
}

/**
 * The 432 bytes that a quoting enclave signs.
 *
 * @throws SGX_QUOTE_INVALID when a part does not fit.
 */
export function quoteV3SignedBytes(content: QuoteV3Content): Uint8Array {
  return encoded(signedLength, (writer) =>
    writer
      .u16(3)
      .u16(2)
      .zeros(4)
      .u16(content.qeSvn)
      .u16(content.pceSvn)
      .fixed(content.qeVendorId, 16)
      .fixed(content.userData, 20)
      .bytes(encodeReportBody(content.reportBody)),
  );
}

/**
 * Encodes a quote. Reserved bytes are zero, so re-encoding a parsed quote gives
 * the same bytes only if its own were.
 *
 * @throws SGX_QUOTE_INVALID when a part does not fit.
 */
export function encodeQuoteV3(parts: QuoteV3Parts): Uint8Array {
  const { signature } = parts;
  const { qeAuthData, certificationData } = signature;
  const signedBytes = quoteV3SignedBytes(parts);
  const authLength = fixedSignatureLength + 2 + qeAuthData.length + 6 + certificationData.length;
  return encoded(signedLength + 4 + authLength, (writer) =>
    writer
      .bytes(signedBytes)
      .u32(authLength)
      .fixed(signature.isvSignature, 64)
      .fixed(signature.attestationKey, 64)
      .bytes(encodeReportBody(signature.qeReport))
      .fixed(signature.qeReportSignature, 64)
      .u16(qeAuthData.length)
      .bytes(qeAuthData)
      .u16(signature.certificationDataType)
      .u32(certificationData.length)
      .bytes(certificationData),
  );
}
