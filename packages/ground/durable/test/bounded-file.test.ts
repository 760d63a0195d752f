import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasCode, readBoundedFile } from '../src/index.ts';

test('a file is read up to its bound, and what is not a file not at all', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bounded-file-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'file');
  writeFileSync(path, 'four');
  assert.deepEqual(await readBoundedFile(path, 4), { bytes: Buffer.from('four') });
  assert.deepEqual(await readBoundedFile(path, 3), { unfit: 'has more than 3 bytes' });
  assert.deepEqual(await readBoundedFile('/dev/zero', 4), { unfit: 'is not a file' });
  assert.deepEqual(await readBoundedFile(folder, 4), { unfit: 'is not a file' });
  await assert.rejects(readBoundedFile(join(folder, 'absent'), 4), (error) => hasCode(error, 'ENOENT'));
});
