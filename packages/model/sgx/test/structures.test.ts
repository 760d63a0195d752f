import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as sgx from '../src/index.ts';
import * as arbitraries from './arbitraries.ts';
import { accepted, flipped, refused } from './refused.ts';

interface Case<T> {
  readonly name: string;
  readonly size: number;
  readonly parse: (bytes: Uint8Array) => T;
  readonly encode: (value: T) => Uint8Array;
  readonly values: fc.Arbitrary<T>;
  /** Where the SDM has reserved bytes: [start, end). */
  readonly reserved: readonly (readonly [number, number])[];
}

function checkCodec<T>(subject: Case<T>): void {
  const { name, size, parse, encode, values, reserved } = subject;
  const reservedAt = (index: number): boolean => reserved.some(([start, end]) => index >= start && index < end);

  test(`${name}: what is encoded parses to the same value, frozen`, () => {
    fc.assert(
      fc.property(values, (value) => {
        const bytes = encode(value);
        assert.equal(bytes.length, size);
        const parsed = parse(bytes);
        assert.deepEqual(parsed, value);
        assert.ok(Object.isFrozen(parsed));
        assert.deepEqual(encode(parsed), bytes);
      }),
      { numRuns: 60 },
    );
  });

  test(`${name}: every reserved byte must be zero, every other byte belongs to a field`, () => {
    const bytes = new Uint8Array(size);
    for (let index = 0; index < size; index++) {
      const changed = flipped(bytes, index, 1);
      if (reservedAt(index)) refused('SGX_RESERVED_NOT_ZERO', () => parse(changed));
      else assert.deepEqual(encode(parse(changed)), changed);
    }
  });

  test(`${name}: another length is refused`, () => {
    for (const length of [0, 1, size - 1, size + 1]) {
      refused('SGX_STRUCTURE_INVALID', () => parse(new Uint8Array(length)));
    }
  });

  test(`${name}: arbitrary bytes throw nothing but Enclos errors`, () => {
    const inputs = fc.oneof(fc.uint8Array({ maxLength: 600 }), arbitraries.exactly(size));
    fc.assert(
      fc.property(inputs, (bytes) => void accepted(() => parse(bytes))),
      { numRuns: 60 },
    );
  });
}

checkCodec({
  name: 'ATTRIBUTES',
  size: 16,
  parse: sgx.parseAttributes,
  encode: sgx.encodeAttributes,
  values: arbitraries.attributes,
  reserved: [],
});
checkCodec({
  name: 'TARGETINFO',
  size: 512,
  parse: sgx.parseTargetInfo,
  encode: sgx.encodeTargetInfo,
  values: arbitraries.targetInfo,
  reserved: [
    [48, 50],
    [56, 64],
    [128, 512],
  ],
});
const bodyReserved = [
  [20, 32],
  [96, 128],
  [160, 192],
  [262, 304],
] as const;
checkCodec({
  name: 'REPORT body',
  size: 384,
  parse: (bytes) => sgx.parseReportBody(bytes),
  encode: sgx.encodeReportBody,
  values: arbitraries.reportBody,
  reserved: bodyReserved,
});
checkCodec({
  name: 'REPORT',
  size: 432,
  parse: sgx.parseReport,
  encode: sgx.encodeReport,
  values: arbitraries.report,
  reserved: bodyReserved,
});
checkCodec({
  name: 'KEYREQUEST',
  size: 512,
  parse: sgx.parseKeyRequest,
  encode: sgx.encodeKeyRequest,
  values: arbitraries.keyRequest,
  // Byte 3 is the upper half of KEYPOLICY, of which no bit is defined.
  reserved: [
    [3, 4],
    [6, 8],
    [78, 512],
  ],
});
checkCodec({
  name: 'SECS',
  size: 4096,
  parse: sgx.parseSecs,
  encode: sgx.encodeSecs,
  values: arbitraries.secs,
  reserved: [
    [24, 48],
    [96, 128],
    [160, 192],
    [262, 4096],
  ],
});

test('a field that does not fit is named', () => {
  const body = sgx.parseReportBody(new Uint8Array(384));
  assert.throws(() => sgx.encodeReportBody({ ...body, isvSvn: 0x1_0000 }), /REPORT body\.isvSvn/);
  refused('SGX_STRUCTURE_INVALID', () => sgx.encodeReportBody({ ...body, isvSvn: -1 }));
  refused('SGX_STRUCTURE_INVALID', () => sgx.encodeReportBody({ ...body, mrEnclave: new Uint8Array(31) }));
  refused('SGX_STRUCTURE_INVALID', () => sgx.encodeReportBody({ ...body, attributes: { flags: -1n, xfrm: 0n } }));
});

test('a parsed value does not change with the input', () => {
  const bytes = new Uint8Array(384);
  const body = sgx.parseReportBody(bytes);
  bytes.fill(0xff);
  assert.equal(body.mrEnclave[0], 0);
});

test('reserved bytes of a report body inside a quote can be ignored', () => {
  const bytes = new Uint8Array(384);
  bytes[24] = 1;
  refused('SGX_RESERVED_NOT_ZERO', () => sgx.parseReportBody(bytes));
  assert.equal(sgx.parseReportBody(bytes, { reserved: 'ignore' }).isvSvn, 0);
  refused('SGX_STRUCTURE_INVALID', () => sgx.parseReportBody(new Uint8Array(383), { reserved: 'ignore' }));
});

test('reserved key policy bits are refused', () => {
  const request = sgx.parseKeyRequest(new Uint8Array(512));
  for (let bit = 6; bit < 16; bit++) {
    refused('SGX_RESERVED_NOT_ZERO', () => sgx.encodeKeyRequest({ ...request, keyPolicy: 1 << bit }));
    const bytes = new Uint8Array(512);
    new DataView(bytes.buffer).setUint16(2, 1 << bit, true);
    refused('SGX_RESERVED_NOT_ZERO', () => sgx.parseKeyRequest(bytes));
  }
});

test('the target of a report to an enclave is its identity', () => {
  fc.assert(
    fc.property(arbitraries.reportBody, (body) => {
      const { mrEnclave, attributes, configSvn, miscSelect, configId } = body;
      assert.deepEqual(sgx.targetInfoOf(body), { mrEnclave, attributes, configSvn, miscSelect, configId });
    }),
    { numRuns: 20 },
  );
});

for (const [name, size, values] of [
  ['TD report 1.0', 584, arbitraries.tdReport10],
  ['TD report 1.5', 648, arbitraries.tdReport15],
  ['TD report 1.5 with partitioning', 885, arbitraries.tdReport15Ex],
] as const) {
  checkCodec<sgx.TdReport10>({
    name,
    size,
    parse: sgx.parseTdReport,
    encode: sgx.encodeTdReport,
    values,
    reserved: [],
  });
}
