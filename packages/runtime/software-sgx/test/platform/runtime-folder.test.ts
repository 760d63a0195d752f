import assert from 'node:assert/strict';
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { temporaryPrefix } from '@enclos/durable';
import { createRuntimeFolder, removeStaleFolders } from '../../src/platform/runtime-folder.ts';
import { temporaryFolder } from '../support.ts';

/** A folder as a killed platform leaves it: its sockets are there, and no process listens. */
async function staleFolder(parent: string, name = 'enclos-run-stale1'): Promise<string> {
  const path = join(parent, name);
  mkdirSync(path, { mode: 0o700 });
  const sockets = ['life.sock', 'platform.sock', 'g-0123456789abcdef'];
  const script = `const { createServer } = require('node:net');
    Promise.all(${JSON.stringify(sockets)}.map((path) => new Promise((done) => createServer().listen(path, done))))
      .then(() => process.kill(process.pid, 'SIGKILL'));`;
  await once(spawn(process.execPath, ['-e', script], { cwd: path }), 'exit');
  writeFileSync(join(path, 'enclave.bpf'), '');
  writeFileSync(join(path, 'enclos-start'), '');
  return path;
}

describe('the runtime folder', () => {
  test('is private, and goes with its platform', async () => {
    const parent = temporaryFolder();
    const folder = await createRuntimeFolder(parent);
    assert.equal(statSync(folder.path).mode & 0o777, 0o700);
    writeFileSync(join(folder.path, 'enclave.bpf'), '');
    writeFileSync(join(folder.path, 'enclos-start'), '');
    await folder.remove();
    assert.deepEqual(readdirSync(parent), []);
  });

  test('of a killed platform is removed by the next one', async () => {
    const parent = temporaryFolder();
    const stale = await staleFolder(parent);
    // What a kill leaves in the middle of writing a start file.
    writeFileSync(join(stale, `${temporaryPrefix}1-2-0123456789ab-0123456789ab`), '');
    const folder = await createRuntimeFolder(parent);
    assert.ok(!existsSync(stale));
    await folder.remove();
  });

  test('may be below a long path: the one of a killed platform is removed, that of a living one stays', async () => {
    const parent = join(temporaryFolder(), 'd'.repeat(150));
    mkdirSync(parent);
    const stale = await staleFolder(parent);
    const living = await createRuntimeFolder(parent);
    const next = await createRuntimeFolder(parent);
    assert.deepEqual([existsSync(stale), existsSync(join(living.path, 'life.sock'))], [false, true]);
    await Promise.all([living.remove(), next.remove()]);
    assert.deepEqual(readdirSync(parent), []);
  });

  test('of a living platform stays', async () => {
    const parent = temporaryFolder();
    const living = await createRuntimeFolder(parent);
    const next = await createRuntimeFolder(parent);
    assert.ok(existsSync(join(living.path, 'life.sock')));
    await Promise.all([living.remove(), next.remove()]);
  });

  test('of a platform that died before it listened is removed, and one that is not empty stays', async () => {
    const parent = temporaryFolder();
    for (const name of ['enclos-run-abcdef', 'enclos-run-ghijkl']) mkdirSync(join(parent, name), { mode: 0o700 });
    writeFileSync(join(parent, 'enclos-run-ghijkl/letter.txt'), 'mine');
    await removeStaleFolders(parent);
    assert.deepEqual(readdirSync(parent), ['enclos-run-ghijkl']);
  });

  test('is made again when another platform takes it for one that was given up', async () => {
    const parent = temporaryFolder();
    const clean = async (): Promise<void> => {
      for (let i = 0; i < 100; i++) await removeStaleFolders(parent);
    };
    const create = async () => {
      const made = [];
      for (let i = 0; i < 20; i++) made.push(await createRuntimeFolder(parent));
      return made;
    };
    const [folders] = await Promise.all([create(), clean()]);
    for (const { path } of folders) assert.ok(existsSync(join(path, 'life.sock')));
    await Promise.all(folders.map((folder) => folder.remove()));
    assert.deepEqual(readdirSync(parent), []);
  });

  test('keeps what no platform put there', async () => {
    const parent = temporaryFolder();
    const stale = await staleFolder(parent);
    writeFileSync(join(stale, 'letter.txt'), 'mine');
    await removeStaleFolders(parent);
    assert.deepEqual(readdirSync(stale), ['letter.txt']);
  });

  test('is nothing else: another name, a link, a folder in which others may write', async () => {
    const parent = temporaryFolder();
    const named = await staleFolder(parent, 'another-name');
    symlinkSync(named, join(parent, 'enclos-run-linked'));
    const open = await staleFolder(parent, 'enclos-run-opened');
    chmodSync(open, 0o722);
    await removeStaleFolders(parent);
    assert.equal(readdirSync(named).length, 5);
    assert.equal(readdirSync(open).length, 5);
    assert.ok(existsSync(join(parent, 'enclos-run-linked')));
  });

  test('stays while a process listens, whatever it answers', async () => {
    const parent = temporaryFolder();
    const path = join(parent, 'enclos-run-slowly');
    mkdirSync(path, { mode: 0o700 });
    const server = createServer((socket) => socket.resume()).listen(join(path, 'life.sock'));
    await once(server, 'listening');
    await removeStaleFolders(parent);
    assert.ok(existsSync(join(path, 'life.sock')));
    server.close();
  });

  test('two platforms that clean at once do not disturb each other', async () => {
    const parent = temporaryFolder();
    await staleFolder(parent);
    const folders = await Promise.all([1, 2, 3].map(() => createRuntimeFolder(parent)));
    assert.equal(readdirSync(parent).length, 3);
    await Promise.all(folders.map((folder) => folder.remove()));
  });
});
