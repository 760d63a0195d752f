import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { readSmallJson, readSmallText } from '../../src/files/read.ts';

const folder = mkdtempSync(join(tmpdir(), 'enclos-read-'));
after(() => rmSync(folder, { recursive: true }));

function file(content: string | Uint8Array): string {
  const path = join(folder, 'file');
  writeFileSync(path, content);
  return path;
}

test('a byte order mark is left out', async () => {
  assert.equal(await readSmallText(file('\uFEFFa'), 9), 'a');
  assert.deepEqual({ ...((await readSmallJson(file('\uFEFF{"a":1}'), 99)) as object) }, { a: 1 });
});

test('a file without an end is refused, and not read until the memory is full', { timeout: 10_000 }, async () => {
  await assert.rejects(
    readSmallText('/dev/zero', 999),
    (error) => isEnclosError(error, 'CLI_FILE_INVALID') && error.message === '/dev/zero is larger than 999 bytes.',
  );
  assert.equal(await readSmallText('/dev/null', 999), '');
  assert.match(await readSmallText('/proc/self/status', 65_536), /^Name:/);
});

for (const [what, content] of [
  ['a repeated name', '{"a":1,"a":2}'],
  ['text after the value', '1 2'],
  ['too deep a nesting', `${'['.repeat(99)}${']'.repeat(99)}`],
  ['bytes that are not UTF-8', Uint8Array.of(0x22, 0xff, 0x22)],
] as const) {
  test(`JSON with ${what} is refused`, async () => {
    await assert.rejects(readSmallJson(file(content), 999), (error) => isEnclosError(error, 'CLI_FILE_INVALID'));
  });
}
