import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isEnclosError } from '@enclos/errors';
import { generateSigningKey } from '@enclos/sgx/node';
import { intelEnclave, openEnclave, pageFlags, writeStream, type KitPage } from '@enclos/sgx-image-kit';
import { nativeTest } from '@enclos/testkit';
import fc from 'fast-check';

import { openEnclaveImage, openSdkImage, sgxsPieces } from '../src/index.ts';
import { measureEnclaveImage, meterEnclaveImage } from '../src/node.ts';
import { checkRegions, zeros } from '../src/pages/region.ts';
import { readerOf } from './images.ts';

const key = generateSigningKey();
const pageBytes = 4096;

/** A copy with other numbers, which are little-endian. */
function changed(bytes: Uint8Array, changes: readonly (readonly [at: number, value: number | bigint])[]): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  for (const [at, value] of changes) {
    if (typeof value === 'bigint') view.setBigUint64(at, value, true);
    else view.setUint32(at, value, true);
  }
  return copy;
}

function refuses(bytes: Uint8Array, message: RegExp, what: string): void {
  assert.throws(
    () => openSdkImage(readerOf(bytes), bytes.length),
    (error) => isEnclosError(error, 'ENCLAVE_FILE_INVALID') && message.test(error.message),
    what,
  );
}

/** The entries of the kit's layout: heap, guard, stack, guard, TCS, SSA, guard, thread data, group. */
const entry = { heap: 0, tcs: 4, data: 7, group: 8 };

nativeTest('Metadata of Intel’s SDK that no enclave has are refused before anything is made of them', () => {
  const { signed, sigstructAt } = intelEnclave({ key });
  const start = sigstructAt - 64;
  const directories = start + 64 + 1808;
  const patchAt = directories + 16;
  const at = (name: keyof typeof entry): number => patchAt + 32 + 32 * entry[name];
  const heapAt = new DataView(signed.buffer).getBigUint64(at('heap') + 8, true);
  for (const [what, message, changes] of [
    ['a size that is no power of two', /power of two/, [[start + 40, 0x18_0000n]]],
    ['a size of 2^40', /128 GiB/, [[start + 40, 2n ** 40n]]],
    ['an enclave smaller than its pages', /not in the range/, [[start + 40, 0x4_0000n]]],
    ['an SSA frame of no page', /SSA frames/, [[start + 24, 0]]],
    ['an SSA frame of 5 pages', /SSA frames/, [[start + 24, 5]]],
    ['a heap of 2^32 pages', /not in the range|overlap/, [[at('heap') + 4, 0xffff_ffff]]],
    ['a heap over the threads', /overlap/, [[at('heap') + 4, 40]]],
    ['a heap over the image', /overlap/, [[at('heap') + 8, 0x1000n]]],
    ['a heap beyond the enclave', /not in the range/, [[at('heap') + 8, 2n ** 63n]]],
    ['a heap off a page boundary', /page boundary/, [[at('heap') + 8, heapAt + 8n]]],
    ['a heap that may be written and not read', /page flags/, [[at('heap') + 24, 0x202n]]],
    ['a heap of type SECS', /page flags/, [[at('heap') + 24, 0x003n]]],
    ['a TCS of a shorter template', /template/, [[at('tcs') + 16, 71]]],
    ['a TCS of a longer template than a page', /template/, [[at('tcs') + 16, 4097]]],
    ['two pages of one TCS', /template/, [[at('tcs') + 4, 2]]],
    ['a template beyond the metadata', /out of bounds/, [[at('tcs') + 20, 0x5000 - 70]]],
    ['2^32 repetitions', /more than 65536/, [[at('group') + 4, 0xffff_ffff]]],
    [
      '2^32 repetitions of what is not added',
      /more than 65536/,
      [
        [at('group'), 0x0001_1009],
        [at('group') + 4, 0xffff_ffff],
        [at('data') + 2, 0],
      ],
    ],
    ['repetitions in place', /overlap/, [[at('group') + 8, 0n]]],
    ['repetitions at 2^63', /leaves the enclave/, [[at('group') + 8, 2n ** 63n]]],
    ['repetitions of more than there is', /more entries/, [[at('group'), 0x0009_1009]]],
    ['repetitions of nothing', /more entries/, [[at('group'), 0x0000_1009]]],
    ['a group of a group', /another group/, [[at('tcs'), 0x0001_1009]]],
    ['a layout beyond the metadata', /directory/, [[directories + 12, 0x5000]]],
    ['a layout at 2^32', /directory/, [[directories + 8, 0xffff_fff0]]],
    ['patches beyond the metadata', /directory/, [[directories, 0x5000 - 16]]],
    ['a patch beyond the enclave', /patch/, [[patchAt, 2n ** 40n]]],
    ['a patch from beyond the metadata', /out of bounds/, [[patchAt + 12, 0x5000]]],
  ] as const) {
    refuses(changed(signed, changes), message, what);
  }
});

nativeTest('ELF headers that no enclave has are refused', () => {
  const { signed } = intelEnclave({ key });
  const first = 64;
  const second = first + 56;
  for (const [what, message, changes] of [
    ['a program that is not relocatable', /not a shared object/, [[16, 0x003e_0002]]],
    ['a segment of 2^60 bytes in memory', /not in any enclave/, [[second + 40, 2n ** 60n]]],
    ['a segment at 2^60', /not in any enclave/, [[second + 16, 2n ** 60n]]],
    [
      'an empty segment',
      /not in any enclave/,
      [
        [first + 40, 0n],
        [first + 32, 0n],
      ],
    ],
    ['more bytes in the file than in memory', /more bytes in the file/, [[second + 40, 1n]]],
    ['code beyond the file', /too early/, [[second + 8, 2n ** 62n]]],
    ['data beyond the file', /after the file/, [[second + 56 + 8, 2n ** 62n]]],
    ['a segment without permissions', /no permissions/, [[first + 4, 0]]],
    ['two segments in a page', /overlap/, [[second + 16, 0x10n]]],
  ] as const) {
    refuses(changed(signed, changes), message, what);
  }
});

nativeTest('Properties of Open Enclave that no enclave has are refused', () => {
  const { signed, sigstructAt } = openEnclave({ key });
  const start = sigstructAt - 144;
  for (const [what, message, changes] of [
    ['2^62 heap pages', /128 GiB/, [[start + 8, 2n ** 62n]]],
    ['128 GiB of heap', /128 GiB/, [[start + 8, 2n ** 25n]]],
    ['2^62 stack pages', /128 GiB/, [[start + 16, 2n ** 62n]]],
    ['2^62 threads', /128 GiB/, [[start + 24, 2n ** 62n]]],
    ['2049 threads', /more than 2048 threads/, [[start + 24, 2049n]]],
    ['another size', /layout/, [[start, 1968]]],
    ['an enclave of another kind', /layout/, [[start + 4, 1]]],
    ['an entry beyond the image', /entry/, [[24, 2n ** 40n]]],
  ] as const) {
    refuses(changed(signed, changes), message, what);
  }
  const zeroBase = changed(signed, [[start + 36, 2]]);
  assert.throws(() => openSdkImage(readerOf(zeroBase), zeroBase.length), { code: 'ENCLAVE_FILE_ZERO_BASE' });
});

test('so many regions as no enclave has are refused', () => {
  const region = { pages: 1, flags: 0x203n, measured: true, content: zeros };
  const regions = Array.from({ length: 65_537 }, (_, index) => ({ ...region, offset: index * pageBytes }));
  assert.equal(checkRegions(regions.slice(1), 2 ** 30).length, 65_536);
  assert.throws(() => checkRegions(regions, 2 ** 30), { code: 'ENCLAVE_FILE_INVALID', message: /more than 65536/ });
  assert.throws(() => checkRegions([], 2 ** 30), { code: 'ENCLAVE_FILE_INVALID', message: /no pages/ });
});

nativeTest('16 GiB of heap are measured in little memory', () => {
  const { signed, sigstructAt } = openEnclave({ key });
  const bytes = changed(signed, [[sigstructAt - 144 + 8, 2n ** 22n - 1024n]]);
  const image = openSdkImage(readerOf(bytes), bytes.length);
  assert.equal(image.sizeBytes, 2n ** 34n);
  let [most, pages, streamBytes] = [0, 0, 0];
  for (const piece of sgxsPieces(image)) {
    most = Math.max(most, piece.length);
    streamBytes += piece.length;
    pages++;
  }
  assert.ok(most <= 1_100_000, String(most));
  assert.ok(streamBytes > 2 ** 28 && pages > 200);
  // Nothing but the piece at hand is held: counted where it is made, not guessed from the heap of this process.
  const { arrayBuffers } = process.memoryUsage();
  assert.equal(measureEnclaveImage(image).length, 32);
  assert.ok(process.memoryUsage().arrayBuffers - arrayBuffers < 64 * 2 ** 20);
});

nativeTest('a small file that declares a stack of 128 GiB is refused before anything is hashed', () => {
  const { signed, sigstructAt } = openEnclave({ key });
  const stackPagesAt = sigstructAt - 144 + 16;
  const bytes = changed(signed, [[stackPagesAt, 2n ** 22n]]);
  const image = openSdkImage(readerOf(bytes), bytes.length);
  assert.ok(image.streamBytes > 2 ** 34 && bytes.length < 2 ** 20);
  const begins = () => assert.fail('it is hashed');
  assert.throws(() => meterEnclaveImage(image, { onProgress: begins }), {
    code: 'ENCLAVE_FILE_TOO_LARGE',
    message: /have to be hashed, and the bound is 16 GiB/,
  });
  assert.throws(() => measureEnclaveImage(image, { maxHashedBytes: image.streamBytes - 1 }), {
    code: 'ENCLAVE_FILE_TOO_LARGE',
  });
  // Without the bound, the file is worked on.
  assert.throws(() => meterEnclaveImage(image, { maxHashedBytes: Infinity, onProgress: begins }), /it is hashed/);
});

test('a stream that pages cannot say is refused', () => {
  const page = (offset: number, more: Partial<KitPage> = {}): KitPage => ({ offset, flags: pageFlags.rw, ...more });
  const open = (bytes: Uint8Array) => openEnclaveImage(readerOf(bytes), bytes.length);
  const good = writeStream([page(0), page(pageBytes)], { enclaveBytes: 2 * pageBytes }).sgxs;
  assert.equal(open(good).threads, 0);
  const recordBytes = 320;
  const firstChunk = 128;
  const part = Buffer.concat([good.subarray(0, firstChunk), good.subarray(firstChunk + recordBytes)]);
  assert.throws(() => open(part), { code: 'ENCLAVE_FILE_INVALID', message: /order of its chunks/ });
  const lastChunk = firstChunk + 15 * recordBytes;
  const short = Buffer.concat([good.subarray(0, lastChunk), good.subarray(lastChunk + recordBytes)]);
  assert.throws(() => open(short), { code: 'ENCLAVE_FILE_INVALID', message: /only in part/ });
  const huge = writeStream([page(0)], { enclaveBytes: 2 ** 38 }).sgxs;
  assert.throws(() => open(huge), { code: 'ENCLAVE_FILE_INVALID', message: /128 GiB/ });
  assert.throws(() => open(good.subarray(0, 100)), { code: 'SGXS_INVALID' });
  const order = writeStream([page(pageBytes), page(0)], { enclaveBytes: 2 * pageBytes }).sgxs;
  assert.throws(() => open(order), { code: 'SGXS_INVALID' });
});

nativeTest(
  'Whatever is changed in a signed file, opening it costs little and gives an enclave or an error of ours',
  () => {
    const seeds = [intelEnclave({ key }), openEnclave({ key })];
    const change = fc.tuple(fc.nat(), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff, 0x1000), fc.boolean());
    fc.assert(
      fc.property(fc.constantFrom(...seeds), fc.array(change, { minLength: 1, maxLength: 8 }), (seed, changes) => {
        const bytes = seed.signed.slice();
        for (const [at, value, inMetadata] of changes) {
          const place = inMetadata ? seed.sigstructAt - 144 + (at % 2800) : at % 700;
          if (place < bytes.length) bytes[place] = value;
        }
        let asked = 0;
        const read = (offset: number, length: number): Uint8Array => {
          asked += length;
          assert.ok(length <= 64 * 2 ** 20);
          return bytes.subarray(offset, offset + length);
        };
        try {
          const image = openEnclaveImage(read, bytes.length);
          let pages = 0;
          for (const { offset, content } of image.pages()) {
            assert.ok(content === undefined || content.length === pageBytes);
            assert.ok(BigInt(offset) + 4096n <= image.sizeBytes);
            if (++pages === 2000) break;
          }
        } catch (error) {
          assert.ok(isEnclosError(error), String(error));
        }
        assert.ok(asked < 64 * bytes.length + 2 ** 24, String(asked));
      }),
      { numRuns: 1500 },
    );
  },
);
