import { ByteReader, ByteWriter } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import {
  need,
  parseQuoteSignature,
  quoteSignatureLength,
  refuseQuote,
  writeQuoteSignature,
  type QuoteSignature,
  type QuoteSignatureParts,
} from './quote-signature.ts';
import { encodeReportBody, parseReportBody, type ReportBody } from './report.ts';
import { encodeTdReport, parseTdReport, type TdReport10, type TdReport15, type TdReport15Ex } from './td-report.ts';

/** The subject of a quote. The types are the body types 1 to 4 of version 5, in this order. */
export type QuoteBody =
  | { readonly type: 'sgx'; readonly report: ReportBody }
  | { readonly type: 'td-1.0'; readonly report: TdReport10 }
  | { readonly type: 'td-1.5'; readonly report: TdReport15 }
  | { readonly type: 'td-1.5-ex'; readonly report: TdReport15Ex };

/** The content that a quoting enclave signs: header and body. */
export interface QuoteContent {
  readonly version: 3 | 4 | 5;
  readonly qeSvn: number;
  readonly pceSvn: number;
  /** 16 bytes. */
  readonly qeVendorId: Uint8Array;
  /** 20 bytes. */
  readonly userData: Uint8Array;
  /** Version 3 has SGX only, version 4 SGX and TD 1.0. */
  readonly body: QuoteBody;
}

/** The parts of a quote. A parsed quote has them too. */
export interface QuoteParts extends QuoteContent {
  readonly signature: QuoteSignatureParts;
}

/** A DCAP quote with ECDSA P-256 (Intel DCAP, Quote Library Reference, appendix A.4; QVL, QuoteStructures.h). */
export interface Quote extends QuoteContent {
  readonly attestationKeyType: 2;
  /** The bytes that `isvSignature` covers, reserved bytes as they were. */
  readonly signedBytes: Uint8Array;
  readonly signature: QuoteSignature;
}

const headerLength = 48;
const descriptorLength = 6;
const teeTypes: Readonly<Record<number, 'sgx' | 'tdx'>> = { 0: 'sgx', 0x81: 'tdx' };
const bodyTypes = ['sgx', 'td-1.0', 'td-1.5', 'td-1.5-ex'] as const;
const bodyLengths = Object.freeze({ sgx: 384, 'td-1.0': 584, 'td-1.5': 648, 'td-1.5-ex': 885 });

type BodyType = (typeof bodyTypes)[number];

/**
 * Parses a quote of version 3, 4 or 5; checks no signature.
 *
 * @param options `allowTrailing`: accept bytes after the quote, as some services append them. Extra bytes inside it are never
 *   accepted. `isOurs`: nothing changes `input` as long as the quote is used, so the parts are views of it.
 * @throws SGX_QUOTE_INVALID
 */
export function parseQuote(
  input: Uint8Array,
  options: { readonly allowTrailing?: boolean; readonly isOurs?: boolean } = {},
): Quote {
  // One copy, and the parts are views of it: a copy of each part would cost more than all the parsing.
  const bytes = options.isOurs === true ? input : new Uint8Array(input);
  const reader = new ByteReader(bytes);
  need(reader, headerLength, 'the header');
  const version = reader.u16();
  if (version !== 3 && version !== 4 && version !== 5) refuseQuote(`version ${version} is not known.`);
  if (reader.u16() !== 2) refuseQuote('the attestation key is not ECDSA P-256.');
  const tee = teeTypes[reader.u32()] ?? refuseQuote('the type of the TEE is not known.');
  const header = {
    qeSvn: reader.u16(),
    pceSvn: reader.u16(),
    qeVendorId: reader.bytes(16),
    userData: reader.bytes(20),
  };
  const type = parseBodyType(reader, version, tee);
  const signedLength = reader.offset + bodyLengths[type];
  need(reader, bodyLengths[type] + 4, 'the body');
  const body = parseBody(type, reader.view(bodyLengths[type]));
  const authLength = reader.u32();
  need(reader, authLength, 'the signature data');
  if (reader.remaining !== authLength && options.allowTrailing !== true) refuseQuote('bytes follow its end.');
  const signatureBytes = reader.view(authLength);
  return Object.freeze({
    version,
    attestationKeyType: 2,
    ...header,
    body,
    signedBytes: bytes.subarray(0, signedLength),
    signature: parseQuoteSignature(signatureBytes, formOf(version)),
  });
}

/** Version 3 knows only SGX: its bytes there are reserved. Version 5 states the type and length of the body. */
function parseBodyType(reader: ByteReader, version: 3 | 4 | 5, tee: 'sgx' | 'tdx'): BodyType {
  if (version === 3 && tee !== 'sgx') refuseQuote('the reserved bytes of the header are not zero.');
  if (version !== 5) return tee === 'sgx' ? 'sgx' : 'td-1.0';
  need(reader, descriptorLength, 'the description of the body');
  const type = bodyTypes[reader.u16() - 1] ?? refuseQuote('the type of the body is not known.');
  if (reader.u32() !== bodyLengths[type]) refuseQuote('the body has not the length of its type.');
  if ((type === 'sgx') !== (tee === 'sgx')) refuseQuote('the body is not one of its TEE.');
  return type;
}

function parseBody(type: BodyType, input: Uint8Array): QuoteBody {
  if (type === 'sgx') return Object.freeze({ type, report: parseReportBody(input, { reserved: 'ignore' }) });
  // The length of the input matches the type, so the report has that type.
  return Object.freeze({ type, report: parseTdReport(input) }) as QuoteBody;
}

function formOf(version: 3 | 4 | 5): 'flat' | 'nested' {
  return version === 3 ? 'flat' : 'nested';
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
 * The bytes that a quoting enclave signs.
 *
 * @throws SGX_QUOTE_INVALID when a part does not fit.
 */
export function quoteSignedBytes({ version, body, ...header }: QuoteContent): Uint8Array {
  const { type } = body;
  const isInVersion = version === 5 || type === 'sgx' || (version === 4 && type === 'td-1.0');
  if (!isInVersion) refuseQuote(`version ${version} has no body of type ${type}.`);
  const length = headerLength + (version === 5 ? descriptorLength : 0) + bodyLengths[type];
  return encoded(length, (writer) => {
    writer
      .u16(version)
      .u16(2)
      .u32(type === 'sgx' ? 0 : 0x81);
    writer.u16(header.qeSvn).u16(header.pceSvn).fixed(header.qeVendorId, 16).fixed(header.userData, 20);
    if (version === 5) writer.u16(bodyTypes.indexOf(type) + 1).u32(bodyLengths[type]);
    return writer.fixed(encodeBody(body), bodyLengths[type]);
  });
}

function encodeBody({ type, report }: QuoteBody): Uint8Array {
  return type === 'sgx' ? encodeReportBody(report) : encodeTdReport(report);
}

/**
 * Encodes a quote. Reserved bytes are zero, so re-encoding a parsed quote gives
 * the same bytes only if its own were.
 *
 * @throws SGX_QUOTE_INVALID when a part does not fit.
 */
export function encodeQuote(parts: QuoteParts): Uint8Array {
  const signedBytes = quoteSignedBytes(parts);
  const form = formOf(parts.version);
  const authLength = quoteSignatureLength(parts.signature, form);
  return encoded(signedBytes.length + 4 + authLength, (writer) =>
    writeQuoteSignature(writer.bytes(signedBytes).u32(authLength), parts.signature, form),
  );
}
