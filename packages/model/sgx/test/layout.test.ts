import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as sgx from '../src/index.ts';

/**
 * The offsets of the reference, written down a second time: a structure whose
 * bytes are 0, 1, 2, ... shows where each field was read from.
 */
function counting(size: number, reserved: readonly (readonly [number, number])[]): Uint8Array {
  const bytes = Uint8Array.from({ length: size }, (_, index) => index % 251);
  for (const [start, end] of reserved) bytes.fill(0, start, end);
  return bytes;
}

const slice = (bytes: Uint8Array, start: number, length: number): Uint8Array => bytes.slice(start, start + length);
const u16 = (bytes: Uint8Array, at: number): number => new DataView(bytes.buffer).getUint16(at, true);
const u32 = (bytes: Uint8Array, at: number): number => new DataView(bytes.buffer).getUint32(at, true);
const u64 = (bytes: Uint8Array, at: number): bigint => new DataView(bytes.buffer).getBigUint64(at, true);

test('TARGETINFO', () => {
  const bytes = counting(512, [
    [48, 50],
    [56, 64],
    [128, 512],
  ]);
  assert.deepEqual(sgx.parseTargetInfo(bytes), {
    mrEnclave: slice(bytes, 0, 32),
    attributes: { flags: u64(bytes, 32), xfrm: u64(bytes, 40) },
    configSvn: u16(bytes, 50),
    miscSelect: u32(bytes, 52),
    configId: slice(bytes, 64, 64),
  });
});

test('REPORT', () => {
  const bytes = counting(432, [
    [20, 32],
    [96, 128],
    [160, 192],
    [262, 304],
  ]);
  assert.deepEqual(sgx.parseReport(bytes), {
    body: {
      cpuSvn: slice(bytes, 0, 16),
      miscSelect: u32(bytes, 16),
      isvExtProdId: slice(bytes, 32, 16),
      attributes: { flags: u64(bytes, 48), xfrm: u64(bytes, 56) },
      mrEnclave: slice(bytes, 64, 32),
      mrSigner: slice(bytes, 128, 32),
      configId: slice(bytes, 192, 64),
      isvProdId: u16(bytes, 256),
      isvSvn: u16(bytes, 258),
      configSvn: u16(bytes, 260),
      isvFamilyId: slice(bytes, 304, 16),
      reportData: slice(bytes, 320, 64),
    },
    keyId: slice(bytes, 384, 32),
    mac: slice(bytes, 416, 16),
  });
});

test('KEYREQUEST', () => {
  const bytes = counting(512, [
    [3, 4],
    [6, 8],
    [78, 512],
  ]);
  assert.deepEqual(sgx.parseKeyRequest(bytes), {
    keyName: u16(bytes, 0),
    keyPolicy: u16(bytes, 2),
    isvSvn: u16(bytes, 4),
    cpuSvn: slice(bytes, 8, 16),
    attributeMask: { flags: u64(bytes, 24), xfrm: u64(bytes, 32) },
    keyId: slice(bytes, 40, 32),
    miscMask: u32(bytes, 72),
    configSvn: u16(bytes, 76),
  });
});

test('SECS', () => {
  const bytes = counting(4096, [
    [24, 48],
    [96, 128],
    [160, 192],
    [262, 4096],
  ]);
  assert.deepEqual(sgx.parseSecs(bytes), {
    size: u64(bytes, 0),
    base: u64(bytes, 8),
    ssaFrameSize: u32(bytes, 16),
    miscSelect: u32(bytes, 20),
    attributes: { flags: u64(bytes, 48), xfrm: u64(bytes, 56) },
    mrEnclave: slice(bytes, 64, 32),
    mrSigner: slice(bytes, 128, 32),
    configId: slice(bytes, 192, 64),
    isvProdId: u16(bytes, 256),
    isvSvn: u16(bytes, 258),
    configSvn: u16(bytes, 260),
  });
});

test('the flag values of the SDM', () => {
  assert.deepEqual(sgx.PageFlags, { R: 1n, W: 2n, X: 4n, TCS: 0x100n, REG: 0x200n });
  assert.equal(sgx.Attribute.AEXNOTIFY, 1n << 10n);
  assert.equal(sgx.KeyName.SEAL, 4);
  assert.equal(sgx.KeyPolicy.ISVEXTPRODID, 1 << 5);
});

test('TD reports of 1.0, 1.5 and 1.5 with partitioning', () => {
  const bytes = counting(885, []);
  const td10 = {
    teeTcbSvn: slice(bytes, 0, 16),
    mrSeam: slice(bytes, 16, 48),
    mrSignerSeam: slice(bytes, 64, 48),
    seamAttributes: slice(bytes, 112, 8),
    tdAttributes: u64(bytes, 120),
    xfam: u64(bytes, 128),
    mrTd: slice(bytes, 136, 48),
    mrConfigId: slice(bytes, 184, 48),
    mrOwner: slice(bytes, 232, 48),
    mrOwnerConfig: slice(bytes, 280, 48),
    rtmr0: slice(bytes, 328, 48),
    rtmr1: slice(bytes, 376, 48),
    rtmr2: slice(bytes, 424, 48),
    rtmr3: slice(bytes, 472, 48),
    reportData: slice(bytes, 520, 64),
  };
  const td15 = { ...td10, teeTcbSvn2: slice(bytes, 584, 16), mrServiceTd: slice(bytes, 600, 48) };
  assert.deepEqual(sgx.parseTdReport(bytes.subarray(0, 584)), td10);
  assert.deepEqual(sgx.parseTdReport(bytes.subarray(0, 648)), td15);
  assert.deepEqual(sgx.parseTdReport(bytes), {
    ...td15,
    vmId: slice(bytes, 648, 1),
    tdId: slice(bytes, 649, 32),
    deviceInfo: slice(bytes, 681, 48),
    initialServiceTdHash: slice(bytes, 729, 48),
    initialServiceTdAttributes: slice(bytes, 777, 8),
    initialCpuSvn: slice(bytes, 785, 16),
    initialTeeTcbSvn: slice(bytes, 801, 16),
    initialTeeFmspc: slice(bytes, 817, 12),
    currentServiceTdHash: slice(bytes, 829, 48),
    currentServiceTdAttributes: slice(bytes, 877, 8),
  });
});
