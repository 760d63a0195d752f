import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CompanionFile } from '@enclos/manifest';
import { runFolder, until } from '@enclos/testkit';
import { openNativeFiles, type NativeFiles } from '../../src/companions/native-files.ts';

const twoDaysMs = 2 * 24 * 60 * 60 * 1000;

async function give(files: NativeFiles, bytes: Uint8Array): Promise<CompanionFile> {
  const sha256 = new Uint8Array(createHash('sha256').update(bytes).digest());
  const intake = await files.receive(sha256, bytes.length);
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
  const names = await readdir(folder);
  return Promise.all(names.map(async (name) => Date.now() - (await stat(join(folder, name))).mtimeMs));
}

test('files that are in use make no room for others, however long their enclave runs', async () => {
  for (const isKept of [true, false]) {
    const folder = runFolder(`native-files-${isKept}`);
    const files = openNativeFiles({ folder, passable: false, maxBytes: 150 });
    const placed = await files.place([await give(files, new Uint8Array(100).fill(1))]);
    await rest(folder);
    if (isKept) {
      const stop = placed.keep(1);
      await until('the files are touched', async () => (await agesOf(folder)).every((ms) => ms < twoDaysMs / 2));
      await assert.rejects(files.receive(new Uint8Array(32), 100), { code: 'PLATFORM_BUSY' });
      stop();
      await placed.recheck();
    } else {
      // Another host's file takes their place, and the next process does not start.
      await (await files.receive(new Uint8Array(32), 100)).discard();
      await assert.rejects(placed.recheck(), { code: 'LAUNCH_FILE_REFUSED' });
    }
  }
});
