import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { MAX_IMAGE_BYTES } from '@enclos/manifest';
import { PAGE_SIZE, PageFlags, writeSgxs } from '@enclos/sgx';
import { MAX_IMAGE_CHUNK_BYTES } from '@enclos/tee';
import { createAdmission, type Admission } from '../../src/platform/admission.ts';
import { measurementOf, type MeasuredImage } from '../../src/cpu/measured-image.ts';
import { createUploads, type Uploads } from '../../src/platform/upload.ts';

const refused = { code: 'PLATFORM_UPLOAD_REFUSED' };
const busy = { code: 'PLATFORM_BUSY' };

function imageOf(pages: number): Uint8Array {
  const content = new Uint8Array(PAGE_SIZE).fill(7);
  const flags = PageFlags.REG | PageFlags.R;
  return writeSgxs({
    ssaFrameSize: 1,
    sizeBytes: 2n ** 24n,
    pages: Array.from({ length: pages }, (_, i) => ({ offset: BigInt(i * PAGE_SIZE), flags, content })),
  });
}

/** One piece. */
const small = imageOf(1);
/** A whole piece and a short one. */
const large = imageOf(250);
const firstPiece = large.subarray(0, MAX_IMAGE_CHUNK_BYTES);
const lastPiece = large.subarray(MAX_IMAGE_CHUNK_BYTES);

/** Counts, and bounds nothing. */
function counting(): Admission & { readonly held: () => number } {
  let held = 0;
  return {
    limits: { maxImageBytes: 2 ** 53, maxLaunches: 2 ** 53, maxGates: 0, maxMemoryBytes: 0 },
    takeBytes: (sizeBytes) => void (held += sizeBytes),
    giveBytes: (sizeBytes) => void (held -= sizeBytes),
    beginLaunch: () => () => undefined,
    takeGates: () => () => undefined,
    memory: { take: () => undefined, give: () => undefined },
    held: () => held,
  };
}

function send(uploads: Uploads, image: Uint8Array): number {
  const id = uploads.create(image.length);
  for (let at = 0; at < image.length; at += MAX_IMAGE_CHUNK_BYTES) {
    uploads.add(id, image.slice(at, at + MAX_IMAGE_CHUNK_BYTES));
  }
  return id;
}

const contentOf = ({ pages }: MeasuredImage): Uint8Array => pages.read(0, pages.contentBytes);

describe('an upload', () => {
  test('comes out as it went in, and measured', () => {
    const uploads = createUploads(counting());
    const image = uploads.take(send(uploads, large));
    assert.equal(image.streamBytes, large.length);
    assert.equal(image.pages.contentBytes, 250 * PAGE_SIZE);
    assert.ok(contentOf(image).every((byte) => byte === 7));
    const expected = createHash('sha256').update(large).digest('hex');
    assert.equal(Buffer.from(measurementOf(image)).toString('hex'), expected);
  });

  test('is what came in: changing a piece afterwards changes nothing', () => {
    const uploads = createUploads(counting());
    const id = uploads.create(small.length);
    const piece = small.slice();
    uploads.add(id, piece);
    piece.fill(0xee);
    assert.ok(contentOf(uploads.take(id)).every((byte) => byte === 7));
  });

  test('has a size that an image may have', () => {
    const uploads = createUploads(counting());
    for (const size of [0, MAX_IMAGE_BYTES + 1, 0xffff_ffff]) assert.throws(() => uploads.create(size), refused);
    uploads.create(MAX_IMAGE_BYTES);
  });

  test('is one of four at most', () => {
    const uploads = createUploads(counting());
    const ids = [1, 2, 3, 4].map(() => uploads.create(small.length));
    assert.equal(new Set(ids).size, 4);
    assert.throws(() => uploads.create(1), refused);
    uploads.add(ids[0] ?? 0, small);
    uploads.take(ids[0] ?? 0);
    assert.ok(!ids.includes(uploads.create(1)), 'a number is never given twice');
  });

  test('takes no piece of another size than its place asks for, and is gone after one', () => {
    const wrong = [[0], [1], [firstPiece.length - 1], [firstPiece.length, lastPiece.length - 1]];
    for (const sizes of [...wrong, [firstPiece.length, lastPiece.length + 1]]) {
      const admission = counting();
      const uploads = createUploads(admission);
      const id = uploads.create(large.length);
      const longer = Buffer.concat([large, new Uint8Array(8)]);
      let at = 0;
      assert.throws(() => sizes.forEach((size) => uploads.add(id, longer.subarray(at, (at += size)))), refused);
      assert.throws(() => uploads.add(id, firstPiece), refused);
      assert.throws(() => uploads.take(id), refused);
      assert.equal(admission.held(), 0);
    }
  });

  test('takes nothing after its last piece', () => {
    const uploads = createUploads(counting());
    const id = send(uploads, small);
    assert.throws(() => uploads.add(id, small.subarray(0, 1)), refused);
  });

  test('is refused with the first piece that no image has, and is gone', () => {
    const admission = counting();
    const uploads = createUploads(admission);
    const id = uploads.create(large.length);
    const changed = firstPiece.slice();
    // The reserved end of the first record.
    changed[63] = 1;
    assert.throws(() => uploads.add(id, changed), { code: 'SGXS_INVALID' });
    assert.throws(() => uploads.add(id, lastPiece), refused);
    assert.equal(admission.held(), 0);
  });

  test('that ends where no image ends is refused, and its bytes are given back', () => {
    const admission = counting();
    const uploads = createUploads(admission);
    const id = send(uploads, small.subarray(0, 448));
    assert.throws(() => uploads.take(id), { code: 'SGXS_INVALID' });
    assert.equal(admission.held(), 0);
  });

  test('is not taken out unfinished, unknown or twice', () => {
    const admission = counting();
    const uploads = createUploads(admission);
    const id = uploads.create(large.length);
    uploads.add(id, firstPiece);
    assert.throws(() => uploads.take(id), refused);
    assert.equal(admission.held(), 0);
    const other = send(uploads, small);
    uploads.take(other);
    for (const unknown of [other, 0, 99]) assert.throws(() => uploads.take(unknown), refused);
  });

  test('is dropped with its connection, and its bytes are given back', () => {
    const admission = counting();
    const uploads = createUploads(admission);
    for (const image of [small, small]) send(uploads, image);
    assert.equal(admission.held(), 2 * small.length);
    uploads.close();
    assert.equal(admission.held(), 0);
  });

  test('is dropped when it stands still', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const admission = counting();
    const uploads = createUploads(admission, 1000);
    const id = uploads.create(large.length);
    t.mock.timers.tick(999);
    uploads.add(id, firstPiece);
    t.mock.timers.tick(1001);
    assert.throws(() => uploads.add(id, lastPiece), refused);
    assert.equal(admission.held(), 0);
  });
});

describe('all uploads together', () => {
  test('hold no more than the platform grants, and one that does not fit is dropped', () => {
    const admission = createAdmission({
      maxImageBytes: 2 * small.length,
      maxLaunches: 1,
      maxGates: 64,
      maxMemoryBytes: 0,
    });
    const [first, second] = [createUploads(admission), createUploads(admission)];
    send(first, small);
    send(second, small);
    const late = second.create(small.length);
    assert.throws(() => second.add(late, small), busy);
    assert.throws(() => second.take(late), refused);
    first.close();
    send(second, small);
  });
});
