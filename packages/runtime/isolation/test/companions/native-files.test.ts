import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CompanionFile } from '@enclos/manifest';
import { runFolder } from '@enclos/testkit';
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

test('files that are in use make no room for others, however long their enclave runs', async () => {
  const folder = runFolder('native-files');
  const files = openNativeFiles({ folder, passable: false, maxBytes: 150 });
  const placed = await files.place([await give(files, new Uint8Array(100).fill(1))]);
  await rest(folder);
  await placed.touch();
  await assert.rejects(files.receive(new Uint8Array(32), 100), { code: 'PLATFORM_BUSY' });
  await placed.recheck();
  // Without that, another host's file takes their place, and the next process does not start.
  await rest(folder);
  await (await files.receive(new Uint8Array(32), 100)).discard();
  await assert.rejects(placed.recheck(), { code: 'LAUNCH_FILE_REFUSED' });
});
