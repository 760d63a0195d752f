import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { PAGE_SIZE, readSgxs, writeSgxs, type PageSpec } from '@enclos/sgx';
import { sha256, measureImage } from '@enclos/sgx/node';
import fc from 'fast-check';
import { decodeFiles, encodeFiles, layOutImage, openImage, readImage, type ImagePayload } from '../src/index.ts';
import { sampleManifest } from './sample.ts';

const payload: ImagePayload = {
  manifest: sampleManifest,
  bundle: utf8('(() => 1)'),
  files: [{ path: '/greeting.txt', content: utf8('hello') }],
};
const image = layOutImage(payload);
const invalid = (error: unknown): boolean => isEnclosError(error, 'IMAGE_INVALID');

/** The same pages, changed, as a stream that is valid SGXS. */
function relaid(change: (pages: PageSpec[]) => PageSpec[], sizeBytes?: bigint): Uint8Array {
  const { geometry, pages } = readSgxs(image, { profile: 'strict' });
  const copies = pages.map(({ offset, flags, content }) => ({ offset, flags, content: Uint8Array.from(content) }));
  return writeSgxs({ ssaFrameSize: 1, sizeBytes: sizeBytes ?? geometry.sizeBytes, pages: change(copies) });
}

function poke(page: number, at: number, value: number): (pages: PageSpec[]) => PageSpec[] {
  return (pages) => {
    const target = pages[page];
    assert.ok(target);
    target.content[at] = value;
    return pages;
  };
}

test('layOutImage() and readImage() are inverse, and sha256 of the file is MRENCLAVE', () => {
  const read = readImage(image);
  assert.deepEqual({ ...read.manifest }, payload.manifest);
  assert.deepEqual(read.bundle, payload.bundle);
  assert.deepEqual(
    read.files.map((file) => ({ ...file })),
    payload.files,
  );
  assert.equal(read.pageCount, 4);
  assert.deepEqual(measureImage(image), sha256(image));
});

test('openImage() gives the same without its bundle, and any part of that', () => {
  const { bundle, sections, ...read } = readImage(image);
  const { readBundle, bundleBytes, manifestBytes, fileBytes, ...opened } = openImage(image);
  assert.deepEqual({ ...opened }, { ...read });
  assert.deepEqual([manifestBytes, bundle, fileBytes], sections);
  assert.equal(bundleBytes, bundle.length);
  for (const [at, length] of [
    [0, bundleBytes],
    [2, 3],
    [bundleBytes - 1, 5],
    [bundleBytes, 1],
    [bundleBytes + 5000, 1],
  ] as const) {
    assert.deepEqual(readBundle(at, length), bundle.slice(at, at + length));
  }
});

test('the enclave is as large as its content and heap need, a power of two', () => {
  assert.equal(readImage(image).sizeBytes, 64n * 1024n * 1024n);
});

test('readImage() refuses a page of another section', () => {
  assert.throws(
    () => readImage(relaid((pages) => pages.map((page, i) => (i === 2 ? { ...page, flags: 0x201n } : page)))),
    invalid,
  );
});

test('readImage() refuses another magic', () => assert.throws(() => readImage(relaid(poke(0, 0, 0))), invalid));
test('readImage() refuses padding that is not zero in the header', () =>
  assert.throws(() => readImage(relaid(poke(0, 4000, 1))), invalid));
test('readImage() refuses padding that is not zero in a section', () =>
  assert.throws(() => readImage(relaid(poke(2, 4000, 1))), invalid));
test('readImage() refuses a section that is longer than the image', () =>
  assert.throws(() => readImage(relaid(poke(0, 8 + 16 + 2, 1))), invalid));
test('readImage() refuses a section that is longer than an image may be', () =>
  assert.throws(() => readImage(relaid(poke(0, 8 + 7, 1))), invalid));

test('readImage() refuses pages behind the last section', () => {
  const extra = (pages: PageSpec[]): PageSpec[] => [
    ...pages,
    { offset: BigInt(pages.length * PAGE_SIZE), flags: 0x201n, content: new Uint8Array(PAGE_SIZE) },
  ];
  assert.throws(() => readImage(relaid(extra)), invalid);
});

test('readImage() refuses a size that does not follow from content and heap', () => {
  assert.throws(() => readImage(relaid((pages) => pages, 128n * 1024n * 1024n)), invalid);
});

test('encodeFiles() and decodeFiles() are inverse', () => {
  const path = fc.stringMatching(/^(\/[a-z]{1,8}){1,3}$/);
  const files = fc.uniqueArray(
    fc.record({ path, content: fc.uint8Array({ maxLength: 200 }) }, { noNullPrototype: true }),
    {
      selector: (file) => file.path,
      maxLength: 8,
    },
  );
  fc.assert(
    fc.property(files, (given) =>
      assert.deepEqual(
        decodeFiles(encodeFiles(given)).map((file) => ({ ...file })),
        given,
      ),
    ),
  );
});

test('encodeFiles() refuses unclean paths, the same path twice, and text without UTF-8 form', () => {
  const file = (path: string) => ({ path, content: new Uint8Array() });
  for (const files of [
    [file('a')],
    [file('/a/..')],
    [file('/a'), file('/a')],
    [file('/\ud800')],
    [file(`/${'a'.repeat(1024)}`)],
  ]) {
    assert.throws(() => encodeFiles(files), invalid);
  }
});

test('decodeFiles() of arbitrary bytes throws IMAGE_INVALID or is canonical', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      try {
        assert.deepEqual(encodeFiles(decodeFiles(bytes)), bytes);
      } catch (error) {
        assert.ok(isEnclosError(error, 'IMAGE_INVALID'));
      }
    }),
  );
});
