import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasCode, openReadableFileSync, readBoundedFile, readBoundedFileSync } from '../src/index.ts';

const readers = {
  readBoundedFile,
  readBoundedFileSync: async (path: string, maxBytes: number) => Promise.resolve(readBoundedFileSync(path, maxBytes)),
};

for (const [name, read] of Object.entries(readers)) {
  test(`${name}() reads a file up to its bound, and what is not a file not at all`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'bounded-file-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'file');
    writeFileSync(path, 'four');
    assert.deepEqual(await read(path, 4), { bytes: Buffer.from('four') });
    assert.deepEqual(await read(path, 3), { unfit: 'has more than 3 bytes' });
    assert.deepEqual(await read('/dev/zero', 4), { unfit: 'is not a file' });
    assert.deepEqual(await read(folder, 4), { unfit: 'is not a file' });
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    assert.deepEqual(await read(pipe, 4), { unfit: 'is not a file' });
    await assert.rejects(read(join(folder, 'absent'), 4), (error) => hasCode(error, 'ENOENT'));
  });
}

test('openReadableFileSync() reads at any place of a file, and opens nothing that is not one', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'readable-file-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'file');
  writeFileSync(path, Uint8Array.of(1, 2, 3, 4));
  const file = openReadableFileSync(path);
  assert.ok('readAt' in file);
  assert.equal(file.sizeBytes, 4);
  assert.deepEqual(file.readAt(1, 2), Uint8Array.of(2, 3));
  assert.deepEqual(file.readAt(3, 10), Uint8Array.of(4));
  assert.deepEqual(file.readAt(4, 1), new Uint8Array());
  const room = new Uint8Array(8).fill(9);
  const read = file.readAt(2, 5, room);
  assert.deepEqual([read, room.subarray(0, 3)], [Uint8Array.of(3, 4), Uint8Array.of(3, 4, 9)]);
  assert.ok(read.buffer === room.buffer);
  file.close();
  assert.throws(() => file.readAt(0, 1), /EBADF/);
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  for (const unfit of [folder, pipe, '/dev/zero']) {
    assert.deepEqual(openReadableFileSync(unfit), { unfit: 'is not a file' });
  }
  assert.throws(
    () => openReadableFileSync(join(folder, 'absent')),
    (error) => hasCode(error, 'ENOENT'),
  );
});
