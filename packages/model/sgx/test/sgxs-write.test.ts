import { toHex } from '@enclos/codec';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PageFlags, readSgxs, writeSgxs, type PageSpec } from '../src/index.ts';
import { measureImage, sha256 } from '../src/node.ts';
import { exactly } from './arbitraries.ts';
import { accepted, flipped, refused } from './refused.ts';
import { imageOf, pagesOf } from './streams.ts';

const flags = fc.constantFrom(0x201n, 0x203n, 0x205n, 0x207n);
const pages: fc.Arbitrary<PageSpec[]> = fc
  .array(fc.tuple(flags, exactly(4096)), { minLength: 1, maxLength: 4 })
  .map((list) => list.map(([pageFlags, content], i) => ({ offset: BigInt(4096 * i), flags: pageFlags, content })));

test('SHA-256 of an image is its measurement, and it reads back as written', () => {
  fc.assert(
    fc.property(pages, fc.constantFrom(0x4000n, 0x10000n, 1n << 36n), (list, sizeBytes) => {
      const image = writeSgxs({ ssaFrameSize: 1, sizeBytes, pages: list });
      assert.deepEqual(measureImage(image), sha256(image));
      for (const profile of ['strict', 'any'] as const) {
        const read = readSgxs(image, { profile });
        assert.deepEqual(read.geometry, { ssaFrameSize: 1, sizeBytes });
        assert.deepEqual(
          read.pages,
          list.map((page) => ({ ...page, measured: true })),
        );
      }
    }),
    { numRuns: 20 },
  );
});

test('every single-byte change of an image changes its measurement or is refused', () => {
  const image = imageOf(2);
  const measurement = toHex(sha256(image));
  for (let index = 0; index < image.length; index++) {
    const changed = flipped(image, index);
    if (accepted(() => readSgxs(changed, { profile: 'strict' }))) {
      assert.notEqual(toHex(measureImage(changed)), measurement, `byte ${index}`);
    } else {
      refused('SGXS_INVALID', () => measureImage(changed));
    }
  }
});

test('every truncation of an image is refused or is another image', () => {
  const image = imageOf(2);
  const shorter: number[] = [];
  for (let length = 0; length < image.length; length++) {
    if (accepted(() => measureImage(image.subarray(0, length)))) shorter.push(length);
  }
  const onePage = imageOf(1);
  assert.deepEqual(shorter, [onePage.length], 'only the image of the first page alone');
  assert.notDeepEqual(measureImage(onePage), measureImage(image));
});

test('what the strict profile cannot hold is not written', () => {
  const [first, second] = pagesOf(2) as [PageSpec, PageSpec];
  const write =
    (list: readonly PageSpec[], sizeBytes = 0x4000n, ssaFrameSize = 1) =>
    (): Uint8Array =>
      writeSgxs({ ssaFrameSize, sizeBytes, pages: list });
  refused('SGXS_INVALID', write([]));
  refused('SGXS_INVALID', write([second]));
  refused('SGXS_INVALID', write([second, first]));
  refused('SGXS_INVALID', write([first, first]));
  refused('SGXS_INVALID', write([first, { ...second, offset: 0x2000n }]));
  refused('SGXS_INVALID', write([{ ...first, offset: 1n }]));
  refused('SGXS_INVALID', write([{ ...first, content: new Uint8Array(4095) }]));
  for (const bad of [0n, 0x200n, 0x202n, 0x204n, 0x206n, PageFlags.TCS, 0x301n, 0x209n, (1n << 32n) | 0x201n, -1n]) {
    refused('SGXS_INVALID', write([{ ...first, flags: bad }]));
  }
  for (const size of [0n, 0x1000n, 0x3000n, 0x4001n, (1n << 52n) + 1n, 1n << 60n, -0x4000n]) {
    refused('SGXS_INVALID', write([first], size));
  }
  refused('SGXS_INVALID', write(pagesOf(3), 0x2000n));
  refused('SGXS_INVALID', write([first], 0x4000n, 2));
});
