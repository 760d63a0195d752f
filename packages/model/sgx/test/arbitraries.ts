import fc from 'fast-check';
import type {
  Attributes,
  KeyRequest,
  QuoteBody,
  QuoteParts,
  QuoteV3Parts,
  Report,
  ReportBody,
  Secs,
  Sigstruct,
  TargetInfo,
  TdReport10,
  TdReport15,
  TdReport15Ex,
} from '../src/index.ts';

/** Plain objects, so that they compare equal to parsed values. */
function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record<T>(model, { noNullPrototype: true });
}

export const exactly = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });
const upTo = (maxLength: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength });
const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const u64 = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn });

export const attributes: fc.Arbitrary<Attributes> = record({ flags: u64, xfrm: u64 });

export const targetInfo: fc.Arbitrary<TargetInfo> = record({
  mrEnclave: exactly(32),
  attributes,
  configSvn: u16,
  miscSelect: u32,
  configId: exactly(64),
});

export const reportBody: fc.Arbitrary<ReportBody> = record({
  cpuSvn: exactly(16),
  miscSelect: u32,
  isvExtProdId: exactly(16),
  attributes,
  mrEnclave: exactly(32),
  mrSigner: exactly(32),
  configId: exactly(64),
  isvProdId: u16,
  isvSvn: u16,
  configSvn: u16,
  isvFamilyId: exactly(16),
  reportData: exactly(64),
});

export const report: fc.Arbitrary<Report> = record({ body: reportBody, keyId: exactly(32), mac: exactly(16) });

export const keyRequest: fc.Arbitrary<KeyRequest> = record({
  keyName: u16,
  keyPolicy: fc.integer({ min: 0, max: 0x3f }),
  isvSvn: u16,
  cpuSvn: exactly(16),
  attributeMask: attributes,
  keyId: exactly(32),
  miscMask: u32,
  configSvn: u16,
});

export const secs: fc.Arbitrary<Secs> = record({
  size: u64,
  base: u64,
  ssaFrameSize: u32,
  miscSelect: u32,
  attributes,
  mrEnclave: exactly(32),
  mrSigner: exactly(32),
  configId: exactly(64),
  isvProdId: u16,
  isvSvn: u16,
  configSvn: u16,
});

const date: fc.Arbitrary<string> = fc
  .date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T00:00:00Z'), noInvalidDate: true })
  .map((day) => day.toISOString().slice(0, 10).replaceAll('-', ''));

export const sigstruct: fc.Arbitrary<Sigstruct> = record({
  type: fc.constantFrom(0, 0x8000_0000),
  vendor: fc.constantFrom(0, 0x8086),
  date,
  swDefined: u32,
  modulus: exactly(384),
  exponent: fc.constant(3 as const),
  signature: exactly(384),
  miscSelect: u32,
  miscMask: u32,
  isvFamilyId: exactly(16),
  attributes,
  attributeMask: attributes,
  enclaveHash: exactly(32),
  isvExtProdId: exactly(16),
  isvProdId: u16,
  isvSvn: u16,
  q1: exactly(384),
  q2: exactly(384),
});

const quoteSignature: fc.Arbitrary<QuoteParts['signature']> = record({
  isvSignature: exactly(64),
  attestationKey: exactly(64),
  qeReport: reportBody,
  qeReportSignature: exactly(64),
  qeAuthData: upTo(80),
  certificationDataType: u16,
  certificationData: upTo(200),
});

const quoteHeader = { qeSvn: u16, pceSvn: u16, qeVendorId: exactly(16), userData: exactly(20) };

export const quoteParts: fc.Arbitrary<QuoteV3Parts> = record({
  ...quoteHeader,
  reportBody,
  signature: quoteSignature,
});

const td10 = {
  teeTcbSvn: exactly(16),
  mrSeam: exactly(48),
  mrSignerSeam: exactly(48),
  seamAttributes: exactly(8),
  tdAttributes: u64,
  xfam: u64,
  mrTd: exactly(48),
  mrConfigId: exactly(48),
  mrOwner: exactly(48),
  mrOwnerConfig: exactly(48),
  rtmr0: exactly(48),
  rtmr1: exactly(48),
  rtmr2: exactly(48),
  rtmr3: exactly(48),
  reportData: exactly(64),
};
const td15 = { ...td10, teeTcbSvn2: exactly(16), mrServiceTd: exactly(48) };
export const tdReport10: fc.Arbitrary<TdReport10> = record(td10);
export const tdReport15: fc.Arbitrary<TdReport15> = record(td15);
export const tdReport15Ex: fc.Arbitrary<TdReport15Ex> = record({
  ...td15,
  vmId: exactly(1),
  tdId: exactly(32),
  deviceInfo: exactly(48),
  initialServiceTdHash: exactly(48),
  initialServiceTdAttributes: exactly(8),
  initialCpuSvn: exactly(16),
  initialTeeTcbSvn: exactly(16),
  initialTeeFmspc: exactly(12),
  currentServiceTdHash: exactly(48),
  currentServiceTdAttributes: exactly(8),
});

const body = <T extends QuoteBody['type']>(type: T, reports: fc.Arbitrary<(QuoteBody & { type: T })['report']>) =>
  reports.map((value) => ({ type, report: value }) as unknown as QuoteBody);
const sgxBody = body('sgx', reportBody);
const td10Body = body('td-1.0', tdReport10);
const anyBody = fc.oneof(sgxBody, td10Body, body('td-1.5', tdReport15), body('td-1.5-ex', tdReport15Ex));

const inVersion = (version: QuoteParts['version'], bodies: fc.Arbitrary<QuoteBody>): fc.Arbitrary<QuoteParts> =>
  record({ version: fc.constant(version), ...quoteHeader, body: bodies, signature: quoteSignature });

/** Quotes of every version, with every body that the version has. */
export const anyQuote: fc.Arbitrary<QuoteParts> = fc.oneof(
  inVersion(3, sgxBody),
  inVersion(4, fc.oneof(sgxBody, td10Body)),
  inVersion(5, anyBody),
);
