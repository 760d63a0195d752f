import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createFolderWatcher, foldersOf } from '../../src/project/watch.ts';
import { isInside } from '../../src/files/inside.ts';
import { temporaryFolder } from '../cli.ts';

/** Does something until the watcher names a path: a watch may begin after the first. */
async function namedBy(folder: string, wanted: string, act: (turn: number) => void): Promise<void> {
  const named = new Set<string>();
  const watcher = createFolderWatcher((paths) => paths.forEach((path) => named.add(path)));
  after(() => watcher.close());
  watcher.setFolders([folder]);
  for (let turn = 0; !named.has(wanted); turn += 1) {
    assert.ok(turn < 200, `not named: ${wanted}`);
    act(turn);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  watcher.close();
}

test('a file that is written, and one that an editor replaces', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'a.ts');
  await namedBy(folder, path, (turn) => writeFileSync(path, String(turn)));
  await namedBy(folder, path, (turn) => {
    writeFileSync(join(folder, 'a.ts.tmp'), String(turn));
    renameSync(join(folder, 'a.ts.tmp'), path);
  });
});

test('a folder that was removed and made again is watched again', async () => {
  const parent = temporaryFolder();
  const folder = join(parent, 'src');
  mkdirSync(folder);
  const named = new Set<string>();
  const watcher = createFolderWatcher((paths) => paths.forEach((path) => named.add(path)));
  after(() => watcher.close());
  watcher.setFolders([folder]);
  rmSync(folder, { recursive: true });
  mkdirSync(folder);
  const path = join(folder, 'a.ts');
  for (let turn = 0; !named.has(path); turn += 1) {
    assert.ok(turn < 200);
    watcher.setFolders([folder]);
    writeFileSync(path, String(turn));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
});

test('a folder that is not there is no failure', () => {
  const watcher = createFolderWatcher(() => undefined);
  watcher.setFolders([join(temporaryFolder(), 'nowhere')]);
  watcher.close();
});

test('the folders of files: up to the project inside it, and their own alone outside', () => {
  const folders = foldersOf(['/p/src/a/b.ts', '/p/enclave.json', '/lib/x/y.js'], '/p');
  assert.deepEqual([...folders].sort(), ['/lib/x', '/p', '/p/src', '/p/src/a']);
});

test('what is inside a folder', () => {
  const cases = [
    ['/p/a', true],
    ['/p/..a', true],
    ['/p', false],
    ['/q', false],
    ['/pa', false],
  ] as const;
  for (const [path, expected] of cases) assert.equal(isInside('/p', path), expected, path);
});
