import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readInPieces } from '../src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'enclos-pieces-'));
after(() => rmSync(folder, { recursive: true }));

function fileOf(length: number): string {
  const path = join(folder, `${length}`);
  writeFileSync(
    path,
    Uint8Array.from({ length }, (_, at) => at % 251),
  );
  return path;
}

const openFiles = (): number => readdirSync('/proc/self/fd').length;

test('a file comes whole, in pieces that need little memory', async () => {
  for (const length of [0, 1, 1_048_576, 3_500_000]) {
    let at = 0;
    const memories = new Set<ArrayBufferLike>();
    for await (const piece of readInPieces(fileOf(length))) {
      memories.add(piece.buffer);
      assert.ok(piece.length > 0 && piece.length <= 1_048_576);
      for (const byte of piece) assert.ok(byte === at++ % 251);
    }
    assert.equal(at, length);
    assert.ok(memories.size <= 2);
  }
});

test('a piece holds while the next is read', async () => {
  let before: Uint8Array | undefined;
  const path = fileOf(3_500_000);
  for await (const piece of readInPieces(path)) {
    const copy = piece.slice();
    // Begun after the next piece, and as large.
    await readFile(path);
    assert.deepEqual(piece, copy);
    before = piece;
  }
  assert.equal(before?.length, 3_500_000 % 1_048_576);
});

test('the file is closed for a reader that stops early, and for one that reads to the end', async () => {
  const [path, before] = [fileOf(3_500_000), openFiles()];
  for await (const piece of readInPieces(path)) if (piece.length > 0) break;
  assert.equal(openFiles(), before);
  for await (const piece of readInPieces(path)) assert.ok(piece);
  assert.equal(openFiles(), before);
});

test('what is not there, or is a folder, is the error of the file system', async () => {
  await assert.rejects(readInPieces(join(folder, 'absent')).next(), { code: 'ENOENT' });
  await assert.rejects(readInPieces(folder).next(), { code: 'EISDIR' });
});
