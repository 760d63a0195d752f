import { concatBytes, toHex } from '@enclos/codec';
import { vectors } from '@enclos/testkit';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PageFlags, readSgxs } from '../src/index.ts';
import { measureImage } from '../src/node.ts';
import { accepted, flipped, refused } from './refused.ts';
import * as stream from './streams.ts';

const { eadd, ecreate, eextend, unmeasured, wholePage, record } = stream;

const strict =
  (...records: Uint8Array[]) =>
  (): unknown =>
    readSgxs(concatBytes(...records), { profile: 'strict' });
const any =
  (...records: Uint8Array[]) =>
  (): unknown =>
    readSgxs(concatBytes(...records), { profile: 'any' });

vectors.test('a real enclave: measurement, geometry, pages', () => {
  const bytes = vectors.read('sgx/test_enclave.sgxs');
  const expected = '784acfd7d5096a8f0fbd3265760bff21b120f62407a9a9e5ba31aa3c8ed198fc';
  assert.equal(toHex(measureImage(bytes, { profile: 'any' })), expected);
  assert.equal(toHex(vectors.read('sgx/test_enclave.sig').subarray(960, 992)), expected);
  const { geometry, pages } = readSgxs(bytes, { profile: 'any' });
  assert.deepEqual(geometry, { ssaFrameSize: 1, sizeBytes: 0x40000n });
  assert.deepEqual(
    pages.map((page) => [page.offset, page.flags, page.measured]),
    [
      [0x0n, 0x201n, true],
      [0x1000n, 0x205n, true],
      [0x2000n, 0x203n, true],
      [0x4000n, 0x201n, true],
      [0x15000n, 0x100n, true],
      [0x16000n, 0x203n, true],
      [0x27000n, 0x203n, true],
      [0x28000n, 0x203n, true],
      [0x39000n, 0x203n, true],
    ],
  );
  refused('SGXS_INVALID', () => measureImage(bytes));
});

test('strict takes whole pages in order and nothing else', () => {
  assert.ok(accepted(strict(ecreate(), wholePage(0), wholePage(0x1000))));
  const refusals: Record<string, Uint8Array[]> = {
    'nothing at all': [],
    'no page': [ecreate()],
    'a page before ECREATE': [wholePage(0)],
    'two ECREATE': [ecreate(), ecreate(), wholePage(0)],
    'first page not at 0': [ecreate(), wholePage(0x1000)],
    'a gap': [ecreate(), wholePage(0), wholePage(0x2000)],
    'descending pages': [ecreate(), wholePage(0x1000), wholePage(0)],
    'a page twice': [ecreate(), wholePage(0), wholePage(0)],
    'a page outside the enclave': [ecreate(0x2000n), wholePage(0), wholePage(0x1000), wholePage(0x2000)],
    'a page that is not extended': [ecreate(), eadd(0)],
    'a page extended in part, last': [ecreate(), eadd(0), eextend(0)],
    'a page extended in part, then another': [ecreate(), eadd(0), eextend(0), wholePage(0x1000)],
    'chunks out of order': [ecreate(), eadd(0), eextend(256), eextend(0)],
    'a skipped chunk': [ecreate(), eadd(0), eextend(0), eextend(512)],
    'a chunk twice': [ecreate(), eadd(0), eextend(0), eextend(0)],
    'an unmeasured chunk': [ecreate(), eadd(0), unmeasured(0)],
    'a chunk after a whole page': [ecreate(), wholePage(0), eextend(0x1000)],
    'a TCS page': [ecreate(), eadd(0, PageFlags.TCS)],
    'a page that cannot be read': [ecreate(), eadd(0, PageFlags.REG)],
    'another SSA frame size': [ecreate(0x4000n, 2), wholePage(0)],
    'one byte after the end': [ecreate(), wholePage(0), Uint8Array.of(0)],
    'zeros after the end': [ecreate(), wholePage(0), new Uint8Array(64)],
  };
  for (const [name, records] of Object.entries(refusals)) {
    assert.ok(!accepted(strict(...records)), name);
    refused('SGXS_INVALID', strict(...records));
  }
});

test('strict refuses every other byte of a header: a page of image has no slack', () => {
  const image = stream.imageOf(1);
  const header = (start: number, fieldBytes: number): void => {
    for (let index = start + fieldBytes; index < start + 64; index++) {
      refused('SGXS_INVALID', () => readSgxs(flipped(image, index, 1), { profile: 'strict' }));
      refused('SGXS_INVALID', () => readSgxs(flipped(image, index, 0x80), { profile: 'any' }));
    }
  };
  header(0, 20);
  header(64, 24);
  for (let chunk = 0; chunk < 16; chunk++) header(128 + 320 * chunk, 16);
});

test('both profiles refuse sizes that ECREATE refuses, and numbers beyond any enclave', () => {
  for (const size of [0n, 1n, 0x1000n, 0x3000n, 0x4001n, (1n << 52n) + 1n, 1n << 53n, 0xffff_ffff_ffff_ffffn]) {
    refused('SGXS_INVALID', strict(ecreate(size), wholePage(0)));
    refused('SGXS_INVALID', any(ecreate(size), wholePage(0)));
  }
  refused(
    'SGXS_INVALID',
    any(
      ecreate(),
      record('EADD', [
        [8, 1n << 63n, 8],
        [16, 0x201n, 8],
      ]),
    ),
  );
  refused('SGXS_INVALID', any(ecreate(), eadd(0), record('EEXTEND', [[8, 1n << 63n, 8]], new Uint8Array(256))));
});

test("any takes other tools' canonical streams", () => {
  const bytes = concatBytes(
    ecreate(0x10000n, 2),
    eadd(0x1000, PageFlags.REG),
    eadd(0x3000, PageFlags.TCS),
    unmeasured(0x3100, 5),
    eadd(0x4000, stream.REG_RW),
    eextend(0x4f00, 7),
    unmeasured(0x4000, 8),
    eextend(0x4100, 9),
  );
  const { geometry, pages } = readSgxs(bytes, { profile: 'any' });
  assert.equal(geometry.ssaFrameSize, 2);
  assert.deepEqual(
    pages.map((page) => page.measured),
    [false, false, false],
  );
  assert.ok(pages[0]?.content.every((byte) => byte === 0));
  assert.deepEqual([pages[1]?.content[0xff], pages[1]?.content[0x100], pages[1]?.content[0x200]], [0, 5, 0]);
  assert.deepEqual([pages[2]?.content[0], pages[2]?.content[0x100], pages[2]?.content[0xfff]], [8, 9, 7]);
});

test('any refuses what no processor or canonical reader takes', () => {
  const refusals: Record<string, Uint8Array[]> = {
    'nothing at all': [],
    'no page': [ecreate()],
    'a chunk before any page': [ecreate(), eextend(0)],
    'no SSA frame': [ecreate(0x4000n, 0), eadd(0)],
    'descending pages': [ecreate(), eadd(0x1000), eadd(0)],
    'a page twice': [ecreate(), eadd(0), eadd(0)],
    'an unaligned page': [ecreate(), eadd(0x800)],
    'a page outside the enclave': [ecreate(), eadd(0x4000)],
    'a chunk of an earlier page': [ecreate(), eadd(0), eadd(0x1000), eextend(0)],
    'a chunk of a later page': [ecreate(), eadd(0), eextend(0x1000)],
    'an unaligned chunk': [ecreate(), eadd(0), eextend(128)],
    'a chunk twice': [ecreate(), eadd(0), eextend(0), eextend(0)],
    'a chunk twice, out of order': [ecreate(), eadd(0), eextend(256), eextend(0), eextend(256)],
    'a chunk measured and unmeasured': [ecreate(), eadd(0), eextend(0), unmeasured(0)],
    'a seventeenth chunk': [ecreate(), wholePage(0), eextend(0)],
    'a TCS page with permissions': [ecreate(), eadd(0, PageFlags.TCS | PageFlags.R)],
    'a page writable but not readable': [ecreate(), eadd(0, PageFlags.REG | PageFlags.W)],
    'an SECS page': [ecreate(), eadd(0, PageFlags.R)],
    pending: [ecreate(), eadd(0, stream.REG_R | 8n)],
    'flags beyond 32 bits': [ecreate(), eadd(0, stream.REG_R | (1n << 40n))],
    'an unknown record': [ecreate(), record('UNSIZED', [])],
    'a lower-case tag': [ecreate(), record('eadd', [])],
  };
  for (const [name, records] of Object.entries(refusals)) assert.ok(!accepted(any(...records)), name);
});

test('a stream that ends inside a record is refused', () => {
  const bytes = concatBytes(ecreate(), eadd(0), eextend(0));
  for (let length = 0; length < bytes.length; length++) {
    const ends = length === 128;
    assert.equal(accepted(any(bytes.subarray(0, length))), ends, `${length} bytes`);
  }
});

test('the content of pages is bounded', () => {
  const sparse = concatBytes(ecreate(), eadd(0), eadd(0x1000));
  refused('SGXS_TOO_LARGE', () => readSgxs(sparse, { profile: 'any', maxContentBytes: 8191 }));
  assert.equal(readSgxs(sparse, { profile: 'any', maxContentBytes: 8192 }).pages.length, 2);
  const image = stream.imageOf(2);
  refused('SGXS_TOO_LARGE', () => readSgxs(image, { profile: 'strict', maxContentBytes: 8191 }));
  assert.equal(readSgxs(image, { profile: 'strict', maxContentBytes: 8192 }).pages.length, 2);
});

test('content is a copy, at any alignment of the input', () => {
  const image = stream.imageOf(3);
  for (let shift = 0; shift < 8; shift++) {
    const bytes = concatBytes(new Uint8Array(shift), image).subarray(shift);
    const read = readSgxs(bytes, { profile: 'strict' });
    bytes.fill(0);
    assert.deepEqual(
      read.pages.map(({ content }) => content),
      stream.pagesOf(3).map(({ content }) => content),
    );
  }
});

test('arbitrary changes and bytes throw nothing but Enclos errors', () => {
  const image = stream.imageOf(2);
  const inputs = fc.oneof(
    fc.uint8Array({ maxLength: 1000 }),
    fc
      .tuple(fc.nat(image.length - 1), fc.integer({ min: 1, max: 255 }), fc.nat(image.length))
      .map(([index, mask, length]) => flipped(image, index, mask).subarray(0, length)),
  );
  fc.assert(
    fc.property(inputs, fc.constantFrom('strict' as const, 'any' as const), (bytes, profile) => {
      accepted(() => readSgxs(bytes, { profile }));
    }),
    { numRuns: 300 },
  );
});
