import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import type { CompanionFile } from '@enclos/manifest';
import { runFolder, until } from '@enclos/testkit';
import { ownersName, type FileShare } from '../../src/companions/file-shares.ts';
import { openNativeFiles, type NativeFiles } from '../../src/companions/native-files.ts';

/** Of a host that is alone. */
const whole: FileShare = { name: 'single', maxBytes: Infinity };

const twoDaysMs = 2 * 24 * 60 * 60 * 1000;

async function give(files: NativeFiles, bytes: Uint8Array, share = whole): Promise<CompanionFile> {
  const sha256 = new Uint8Array(createHash('sha256').update(bytes).digest());
  const intake = await files.receive(sha256, bytes.length, share);
  await intake.add(bytes);
  await intake.finish();
  return { path: 'engine.node', sha256, sizeBytes: BigInt(bytes.length) };
}

/** As it is after two days. */
async function rest(folder: string): Promise<void> {
  const then = new Date(Date.now() - twoDaysMs);
  for (const name of await readdir(folder)) await utimes(join(folder, name), then, then);
}

async function agesOf(folder: string): Promise<readonly number[]> {
  const names = (await readdir(folder)).filter((name) => name !== ownersName);
  return Promise.all(names.map(async (name) => Date.now() - (await stat(join(folder, name))).mtimeMs));
}

test('files that are in use make no room for others, however long their enclave runs', async () => {
  for (const isKept of [true, false]) {
    const folder = runFolder(`native-files-${isKept}`);
    const files = openNativeFiles({ folder, passable: false, maxBytes: 150 });
    const placed = await files.place([await give(files, new Uint8Array(100).fill(1))], whole);
    await rest(folder);
    if (isKept) {
      const stop = placed.keep(1);
      await until('the files are touched', async () => (await agesOf(folder)).every((ms) => ms < twoDaysMs / 2));
      await assert.rejects(files.receive(new Uint8Array(32), 100, whole), { code: 'PLATFORM_BUSY' });
      stop();
      await placed.recheck();
    } else {
      // Another host's file takes their place, and the next process does not start.
      await (await files.receive(new Uint8Array(32), 100, whole)).discard();
      await assert.rejects(placed.recheck(), { code: 'LAUNCH_FILE_REFUSED' });
    }
  }
});

const hostOf = (name: string, maxBytes = 200): FileShare => ({ name, maxBytes });
const bytesOf = (content: number): Uint8Array => new Uint8Array(100).fill(content);

test('a host fills its share and no more, and takes nothing from another; without shares it takes all', async () => {
  for (const bound of [200, Infinity]) {
    const files = openNativeFiles({ folder: runFolder(`shares-${bound}`), passable: false, maxBytes: 400 });
    const greedy = hostOf('user-1', bound);
    const filled: unknown[] = [];
    for (let content = 0; content < 4; content += 1) {
      await give(files, bytesOf(content), greedy).then(
        () => filled.push(content),
        (error: unknown) => assert.ok(isEnclosError(error, 'PLATFORM_BUSY')),
      );
    }
    const other = give(files, bytesOf(9), hostOf('user-2'));
    if (bound === 200) {
      assert.deepEqual(filled, [0, 1]);
      await other;
    } else {
      assert.deepEqual(filled, [0, 1, 2, 3]);
      await assert.rejects(other, { code: 'PLATFORM_BUSY' });
    }
  }
});

test('small files count too: a host that gives many has as many as its share allows', async () => {
  const folder = runFolder('shares-files');
  const files = openNativeFiles({ folder, passable: false, maxBytes: 1000 });
  const host: FileShare = { name: 'user-1', maxBytes: Infinity, maxFiles: 2 };
  for (const content of [1, 2]) await give(files, Uint8Array.of(content), host);
  await assert.rejects(give(files, Uint8Array.of(3), host), { code: 'PLATFORM_BUSY' });
  await rest(folder);
  await give(files, Uint8Array.of(3), host);
});

test('uploads that are under way count, and no more once they are given up', async () => {
  const files = openNativeFiles({ folder: runFolder('shares-uploads'), passable: false, maxBytes: 1000 });
  const host = hostOf('user-1');
  const first = await files.receive(new Uint8Array(32).fill(1), 150, host);
  await assert.rejects(give(files, bytesOf(1), host), { code: 'PLATFORM_BUSY' });
  await first.discard();
  await first.discard();
  await give(files, bytesOf(1), host);
});

test('a file counts for each host that uses it, whatever size its manifest names', async () => {
  const files = openNativeFiles({ folder: runFolder('shares-users'), passable: false, maxBytes: 1000 });
  const given = await give(files, bytesOf(1), hostOf('user-1'));
  await give(files, bytesOf(2), hostOf('user-2', 150));
  assert.ok(await files.has(given.sha256));
  await assert.rejects(files.place([{ ...given, sizeBytes: 1n }], hostOf('user-2', 150)), { code: 'PLATFORM_BUSY' });
  await files.place([given], hostOf('user-3', 150));
});

test('a host whose share is full loses what it does not use, and never what an enclave or another host has', async () => {
  const folder = runFolder('shares-idle');
  const files = openNativeFiles({ folder, passable: false, maxBytes: 1000 });
  const host = hostOf('user-1');
  const [used, shared] = [await give(files, bytesOf(1), host), await give(files, bytesOf(2), host)];
  const placed = await files.place([used], host);
  const stop = placed.keep();
  const elsewhere = await files.place([shared], hostOf('user-2'));
  // Just given: its launch is about to come.
  await assert.rejects(give(files, bytesOf(3), host), { code: 'PLATFORM_BUSY' });
  await rest(folder);
  await give(files, bytesOf(3), host);
  await elsewhere.recheck();
  await rest(folder);
  const last = await give(files, bytesOf(4), host);
  await placed.recheck();
  stop();
  await rest(folder);
  await files.place([last], host);
  await give(files, bytesOf(5), host);
  // Its name in the folder of the companion is gone too, so its bytes are.
  await assert.rejects(placed.recheck(), { code: 'LAUNCH_FILE_REFUSED' });
});

test('a host that gives one file many names has as many folders as its share allows; without a share it has all', async () => {
  for (const maxSets of [2, Infinity]) {
    const folder = runFolder(`sets-${maxSets}`);
    const files = openNativeFiles({ folder, passable: false, maxBytes: 1000 });
    const host: FileShare = { name: 'user-1', maxBytes: Infinity, maxSets };
    const given = await give(files, bytesOf(1), host);
    const placeAs = async (path: string, share = host) => files.place([{ ...given, path }], share);
    const setsNow = async (): Promise<number> => (await readdir(folder)).filter((name) => name.startsWith('s-')).length;
    const stop = (await placeAs('used.node')).keep();
    await placeAs('shared.node');
    await placeAs('shared.node', { ...host, name: 'user-2' });
    if (maxSets === 2) await assert.rejects(placeAs('fresh.node'), { code: 'PLATFORM_BUSY' });
    await rest(folder);
    for (const path of ['a.node', 'b.node', 'c.node']) {
      await placeAs(path);
      await rest(folder);
    }
    // The one of the enclave, that of the other host, and the last.
    assert.equal(await setsNow(), maxSets === 2 ? 3 : 5);
    stop();
    await placeAs('shared.node', { ...host, name: 'user-2' });
  }
});
