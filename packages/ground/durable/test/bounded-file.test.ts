import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasCode, readBoundedFile, readBoundedFileSync } from '../src/index.ts';

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
