import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MAX_IMAGE_BYTES } from '@enclos/manifest';
import { MAX_IMAGE_CHUNK_BYTES } from '@enclos/tee';
import { createAdmission, type Admission } from '../../src/platform/admission.ts';
import { createUploads } from '../../src/platform/upload.ts';

const refused = { code: 'PLATFORM_UPLOAD_REFUSED' };
const busy = { code: 'PLATFORM_BUSY' };
const piece = (sizeBytes: number, fill = 1): Uint8Array => new Uint8Array(sizeBytes).fill(fill);

/** Counts, and bounds nothing. */
function counting(): Admission & { readonly held: () => number } {
  let held = 0;
  return {
    takeBytes: (sizeBytes) => void (held += sizeBytes),
    giveBytes: (sizeBytes) => void (held -= sizeBytes),
    beginLaunch: () => () => undefined,
    held: () => held,
  };
}

describe('an upload', () => {
  test('comes out as it went in', () => {
    const uploads = createUploads(counting());
    const id = uploads.create(MAX_IMAGE_CHUNK_BYTES + 3);
    uploads.add(id, piece(MAX_IMAGE_CHUNK_BYTES, 7));
    uploads.add(id, piece(3, 8));
    const image = uploads.take(id);
    assert.equal(image.length, MAX_IMAGE_CHUNK_BYTES + 3);
    assert.deepEqual([image[0], image.at(-4), image.at(-1)], [7, 7, 8]);
  });

  test('has a size that an image may have', () => {
    const uploads = createUploads(counting());
    for (const size of [0, MAX_IMAGE_BYTES + 1, 0xffff_ffff]) assert.throws(() => uploads.create(size), refused);
    uploads.create(MAX_IMAGE_BYTES);
  });

  test('is one of four at most', () => {
    const uploads = createUploads(counting());
    const ids = [1, 2, 3, 4].map(() => uploads.create(1));
    assert.equal(new Set(ids).size, 4);
    assert.throws(() => uploads.create(1), refused);
    uploads.add(ids[0] ?? 0, piece(1));
    uploads.take(ids[0] ?? 0);
    assert.ok(!ids.includes(uploads.create(1)), 'a number is never given twice');
  });

  test('takes no piece of another size than its place asks for, and is gone after one', () => {
    for (const pieces of [
      [0],
      [1],
      [MAX_IMAGE_CHUNK_BYTES - 1],
      [MAX_IMAGE_CHUNK_BYTES, 4],
      [MAX_IMAGE_CHUNK_BYTES, 6],
    ]) {
      const admission = counting();
      const uploads = createUploads(admission);
      const id = uploads.create(MAX_IMAGE_CHUNK_BYTES + 5);
      assert.throws(() => pieces.forEach((size) => uploads.add(id, piece(size))), refused);
      assert.throws(() => uploads.add(id, piece(MAX_IMAGE_CHUNK_BYTES)), refused);
      assert.throws(() => uploads.take(id), refused);
      assert.equal(admission.held(), 0);
    }
  });

  test('takes nothing after its last piece', () => {
    const uploads = createUploads(counting());
    const id = uploads.create(2);
    uploads.add(id, piece(2));
    assert.throws(() => uploads.add(id, piece(1)), refused);
  });

  test('is not taken out unfinished, unknown or twice', () => {
    const admission = counting();
    const uploads = createUploads(admission);
    const id = uploads.create(MAX_IMAGE_CHUNK_BYTES + 1);
    uploads.add(id, piece(MAX_IMAGE_CHUNK_BYTES));
    assert.throws(() => uploads.take(id), refused);
    assert.equal(admission.held(), 0);
    const other = uploads.create(1);
    uploads.add(other, piece(1));
    uploads.take(other);
    for (const unknown of [other, 0, 99]) assert.throws(() => uploads.take(unknown), refused);
  });

  test('is dropped with its connection, and its bytes are given back', () => {
    const admission = counting();
    const uploads = createUploads(admission);
    for (const size of [5, 6]) uploads.add(uploads.create(size), piece(size));
    assert.equal(admission.held(), 11);
    uploads.close();
    assert.equal(admission.held(), 0);
  });

  test('is dropped when it stands still', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const admission = counting();
    const uploads = createUploads(admission, 1000);
    const id = uploads.create(MAX_IMAGE_CHUNK_BYTES + 1);
    t.mock.timers.tick(999);
    uploads.add(id, piece(MAX_IMAGE_CHUNK_BYTES));
    t.mock.timers.tick(1001);
    assert.throws(() => uploads.add(id, piece(1)), refused);
    assert.equal(admission.held(), 0);
  });
});

describe('all uploads together', () => {
  test('hold no more than the platform grants, and one that does not fit is dropped', () => {
    const admission = createAdmission({ maxImageBytes: 10, maxLaunches: 1 });
    const [first, second] = [createUploads(admission), createUploads(admission)];
    first.add(first.create(6), piece(6));
    const late = second.create(5);
    assert.throws(() => second.add(late, piece(5)), busy);
    assert.throws(() => second.take(late), refused);
    second.add(second.create(4), piece(4));
    first.close();
    second.add(second.create(6), piece(6));
  });
});

describe('launches', () => {
  test('are so many at once, and each ends once', () => {
    const admission = createAdmission({ maxImageBytes: 1, maxLaunches: 2 });
    const [end] = [admission.beginLaunch(0), admission.beginLaunch(0)];
    assert.throws(() => admission.beginLaunch(0), busy);
    end?.();
    end?.();
    admission.beginLaunch(0);
    assert.throws(() => admission.beginLaunch(0), busy);
  });

  test('hold the bytes of their images, and give them back once, refused or ended', () => {
    const admission = createAdmission({ maxImageBytes: 10, maxLaunches: 1 });
    admission.takeBytes(4);
    const end = admission.beginLaunch(4);
    admission.takeBytes(6);
    assert.throws(() => admission.beginLaunch(6), busy);
    admission.takeBytes(6);
    assert.throws(() => admission.takeBytes(1), busy);
    end();
    end();
    admission.takeBytes(4);
    assert.throws(() => admission.takeBytes(1), busy);
  });
});
