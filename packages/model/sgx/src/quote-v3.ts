import { encodeQuote, parseQuote, quoteSignedBytes, type QuoteContent, type QuoteParts } from './quote.ts';
import { refuseQuote, type QuoteSignature, type QuoteSignatureParts } from './quote-signature.ts';
import type { ReportBody } from './report.ts';

/** The content that a quoting enclave of SGX signs. */
export interface QuoteV3Content extends Omit<QuoteContent, 'version' | 'body'> {
  readonly reportBody: ReportBody;
}

/** The parts of a quote. A parsed quote has them too. */
export interface QuoteV3Parts extends QuoteV3Content {
  readonly signature: QuoteSignatureParts;
}

export type QuoteV3Signature = QuoteSignature;

/** A DCAP quote of version 3, which covers an SGX enclave. `parseQuote` reads all versions. */
export interface QuoteV3 extends QuoteV3Content {
  readonly version: 3;
  readonly attestationKeyType: 2;
  /** The 432 bytes that `isvSignature` covers, reserved bytes as they were. */
  readonly signedBytes: Uint8Array;
  readonly signature: QuoteV3Signature;
}

/** As `parseQuote`, for version 3 alone. @throws SGX_QUOTE_INVALID */
export function parseQuoteV3(bytes: Uint8Array, options: { readonly allowTrailing?: boolean } = {}): QuoteV3 {
  const { version, body, ...rest } = parseQuote(bytes, options);
  if (version !== 3 || body.type !== 'sgx') return refuseQuote('not version 3.');
  return Object.freeze({ version, reportBody: body.report, ...rest });
}

/**
 * The 432 bytes that a quoting enclave signs.
 *
 * @throws SGX_QUOTE_INVALID when a part does not fit.
 */
export function quoteV3SignedBytes(content: QuoteV3Content): Uint8Array {
  return quoteSignedBytes(inVersion3(content));
}

/** As `encodeQuote`, for version 3. @throws SGX_QUOTE_INVALID when a part does not fit. */
export function encodeQuoteV3(parts: QuoteV3Parts): Uint8Array {
  return encodeQuote(inVersion3(parts));
}

function inVersion3<T extends QuoteV3Content>(value: T): T & Pick<QuoteParts, 'version' | 'body'> {
  return { ...value, version: 3, body: { type: 'sgx', report: value.reportBody } };
}
