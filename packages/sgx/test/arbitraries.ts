import fc from 'fast-check';
import type {
  Attributes,
  KeyRequest,
  QuoteV3Parts,
  Report,
  ReportBody,
  Secs,
  Sigstruct,
  TargetInfo,
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

export const quoteParts: fc.Arbitrary<QuoteV3Parts> = record({
  qeSvn: u16,
  pceSvn: u16,
  qeVendorId: exactly(16),
  userData: exactly(20),
  reportBody,
  signature: record({
    isvSignature: exactly(64),
    attestationKey: exactly(64),
    qeReport: reportBody,
    qeReportSignature: exactly(64),
    qeAuthData: upTo(80),
    certificationDataType: u16,
    certificationData: upTo(200),
  }),
});
