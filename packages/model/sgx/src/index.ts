import './errors.ts';
export { encodeAttributes, parseAttributes, type Attributes } from './attributes.ts';
export { Attribute, KeyName, KeyPolicy, LEGACY_XFRM, MISCSELECT_EXINFO, PAGE_SIZE, PageFlags } from './constants.ts';
export { encodeKeyRequest, parseKeyRequest, type KeyRequest } from './key-request.ts';
export {
  encodeQuote,
  parseQuote,
  quoteSignedBytes,
  type Quote,
  type QuoteBody,
  type QuoteContent,
  type QuoteParts,
} from './quote.ts';
export type { QuoteSignature, QuoteSignatureParts } from './quote-signature.ts';
export {
  encodeQuoteV3,
  parseQuoteV3,
  quoteV3SignedBytes,
  type QuoteV3,
  type QuoteV3Content,
  type QuoteV3Parts,
  type QuoteV3Signature,
} from './quote-v3.ts';
export {
  encodeReport,
  encodeReportBody,
  parseReport,
  parseReportBody,
  type Report,
  type ReportBody,
} from './report.ts';
export { encodeSecs, parseSecs, type Secs } from './secs.ts';
export { measureSgxs, type IncrementalHash } from './sgxs/measure.ts';
export { SgxsMeter, type MeteredStream } from './sgxs/meter.ts';
export {
  readSgxs,
  type EnclaveGeometry,
  type PageSpec,
  type ReadSgxsOptions,
  type SgxsImage,
  type SgxsPage,
} from './sgxs/read.ts';
export { SgxsReader, type SgxsEvent, type SgxsReaderOptions } from './sgxs/reader.ts';
export {
  CHUNK_BYTES as SGXS_CHUNK_BYTES,
  HEADER_BYTES as SGXS_HEADER_BYTES,
  MAX_RECORD_BYTES as SGXS_CHUNK_RECORD_BYTES,
  PAGE_RECORD_BYTES as SGXS_PAGE_RECORD_BYTES,
  tags as sgxsTags,
} from './sgxs/record.ts';
export { isEnclaveSize, isPageFlags, isPageOffset, type SgxsProfile } from './sgxs/rules.ts';
export { StrictImageReader, type StrictImage } from './sgxs/strict-image.ts';
export { openStrictImage, readStrictImage } from './sgxs/strict-in-place.ts';
export { writeSgxs, type WriteSgxsInput } from './sgxs/write.ts';
export { completeSigstruct, parseSigstructToSign, sigstructToSign } from './sigstruct/sign.ts';
export {
  encodeSigstruct,
  parseSigstruct,
  sigstructSignedBytes,
  type Sigstruct,
  type SigstructFields,
} from './sigstruct/sigstruct.ts';
export { computeQ1Q2, mrSignerOf, verifySigstruct, type Sha256 } from './sigstruct/verify.ts';
export type { ParseOptions } from './structure.ts';
export {
  encodeTdReport,
  parseTdReport,
  TdAttribute,
  type TdReport10,
  type TdReport15,
  type TdReport15Ex,
} from './td-report.ts';
export { encodeTargetInfo, parseTargetInfo, targetInfoOf, type TargetInfo } from './target-info.ts';
