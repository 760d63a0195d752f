import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { failsWith, saidBy } from '@enclos/testkit';
import { openFileStore } from '../../src/stores/index.ts';
import { service, temporaryFolder } from './folder.ts';

const program = fileURLToPath(new URL('./writer.program.js', import.meta.url));
const kills = 25;

/** Lets a process write, and kills it some time after its first row. @returns the last row of which it said that it was taken. */
async function writeAndKill(folder: string, afterMs: number): Promise<number> {
  const child = spawn(process.execPath, [program, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  let timer: NodeJS.Timeout | undefined;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    timer ??= setTimeout(() => child.kill('SIGKILL'), afterMs);
  });
  const [, signal] = (await once(child, 'close')) as [number | null, string | null];
  assert.equal(signal, 'SIGKILL');
  return Number(said.trimEnd().split('\n').at(-1));
}

test('a process that is killed at any moment loses no row that it was told was taken, and leaves none in halves', async (t) => {
  const folder = await temporaryFolder(t);
  for (let kill = 0; kill < kills; kill++) {
    const acknowledged = await writeAndKill(folder, Math.random() * 30);
    const store = await openFileStore(folder, { service });
    const { bytes } = (await store.read('row')) ?? assert.fail('the row is lost');
    const found = Number(Buffer.from(bytes.subarray(0, 8)).toString());
    assert.ok(found === acknowledged || found === acknowledged + 1, `${found} found, ${acknowledged} acknowledged`);
    assert.equal(bytes.length, 20_000);
    assert.ok(bytes.subarray(8).every((byte) => byte === found % 251));
    await store.read('side');
    await store.close();
  }
  const names = await readdir(folder);
  assert.ok(names.length <= 2 && names.every((name) => name.endsWith('.row')), names.join());
});

test('a folder that a living process uses is refused, and is free when that process is killed', async (t) => {
  const folder = await temporaryFolder(t);
  const child = spawn(process.execPath, [program, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  await saidBy(child);
  await assert.rejects(openFileStore(folder, { service }), failsWith('SERVICE_STORE_REFUSED'));
  child.kill('SIGKILL');
  await once(child, 'close');
  await (await openFileStore(folder, { service })).close();
});

test('a folder whose process is ending is waited for, within a bound, and the caller hears of it once', async (t) => {
  const folder = await temporaryFolder(t);
  for (let replacement = 0; replacement < 20; replacement++) {
    const child = spawn(process.execPath, [program, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    await saidBy(child);
    const said: string[] = [];
    const waiting = (path: string): void => {
      said.push(path);
      child.kill('SIGKILL');
    };
    const store = await openFileStore(folder, { service, patienceMs: 30_000, waiting });
    assert.deepEqual(said, [folder]);
    await store.close();
  }
  const child = spawn(process.execPath, [program, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  await saidBy(child);
  await assert.rejects(openFileStore(folder, { service, patienceMs: 300 }), {
    code: 'SERVICE_STORE_REFUSED',
    message: `Another process uses the store in ${folder}, and still does after 0.3 s.`,
  });
  child.kill('SIGKILL');
  await once(child, 'close');
});

test('the wait for a folder ends at once when the process that waits is told to end', async (t) => {
  const folder = await temporaryFolder(t);
  const held = await openFileStore(folder, { service });
  const told = new AbortController();
  const begun = performance.now();
  const waiting = (): void => told.abort(new Error('told to end'));
  const opening = openFileStore(folder, { service, patienceMs: 20_000, waiting, signal: told.signal });
  await assert.rejects(opening, { message: 'told to end' });
  assert.ok(performance.now() - begun < 10_000, 'it waited on');
  await held.close();
});

const canMount = process.getuid?.() === 0 && spawnSync('unshare', ['--mount', 'true']).status === 0;

test(
  'on a disk that is full a write is an error, and all that was taken is there',
  { skip: canMount ? false : 'needs root' },
  async (t) => {
    const folder = join(await temporaryFolder(t), 'disk');
    await mkdir(folder);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]);
    if (mounted.status !== 0) return t.skip('a file system cannot be mounted here');
    try {
      const store = await openFileStore(folder, { service });
      const small = new Uint8Array(20_000).fill(1);
      assert.equal(await store.write('a', 0n, small), true);
      const before = (await store.read('a')) ?? assert.fail();
      await assert.rejects(
        store.write('a', before.version, new Uint8Array(60_000)),
        failsWith('SERVICE_STORE_UNAVAILABLE'),
      );
      await assert.rejects(store.write('b', 0n, new Uint8Array(60_000)), failsWith('SERVICE_STORE_UNAVAILABLE'));
      assert.deepEqual(await store.read('a'), before);
      assert.equal(await store.write('b', 0n, small), true, 'the failed writes still take room');
      await store.close();
      const again = await openFileStore(folder, { service });
      assert.deepEqual(await again.read('a'), before);
      await again.close();
    } finally {
      spawnSync('umount', [folder]);
    }
  },
);
