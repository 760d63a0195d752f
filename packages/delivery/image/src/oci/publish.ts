import { lstat, readdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { durable } from '@enclos/durable';
import { EnclosError } from '@enclos/errors';
import { donePath, livingBeside } from './unfinished.ts';

const blobFolder = 'blobs/sha256';
const isBlob = /^[0-9a-f]{64}$/;
const patienceMs = 30_000;
const pauseMs = 20;

/** A folder that is not a layout must never be replaced. @throws OCI_LAYOUT_INVALID when something else is at the place */
export async function requireReplaceable(target: string): Promise<void> {
  const found = await lstat(target).catch(() => undefined);
  if (found === undefined) return;
  const names = found.isDirectory() ? await readdir(target) : undefined;
  if (names === undefined || (names.length > 0 && !names.includes('oci-layout'))) {
    throw refused(target, `${target} is there, and is not an OCI layout: it is not replaced.`);
  }
  for (const part of ['blobs', blobFolder]) {
    // A linked folder shares its blobs with other layouts, which must not lose theirs.
    const inner = await lstat(join(target, part)).catch(() => undefined);
    if (inner?.isDirectory() === false) throw refused(target, `${target}/${part} is not a folder: it is not replaced.`);
  }
}

/**
 * Puts a whole layout in its place. A layout is what its index.json names, so an old layout becomes the new one by one
 * rename: a process killed here leaves the whole old one or the whole new one. Blobs of the old one are removed afterwards, unless another build
 * is at work: the two rules for that are in {@link collect} and {@link noCollector}.
 *
 * @param folder as `unfinishedPath` names it. It is gone afterwards.
 * @throws OCI_LAYOUT_INVALID
 */
export async function publish(folder: string, target: string): Promise<void> {
  if (await isNew(folder, target)) return;
  await requireReplaceable(target);
  await durable.makeFolder(join(target, blobFolder));
  await noCollector(folder, target);
  const blobs = await readdir(join(folder, blobFolder));
  await durable.moveAll(blobs, join(folder, blobFolder), join(target, blobFolder));
  const index = await readFile(join(folder, 'index.json'));
  await durable.moveAll(['oci-layout', 'index.json'], folder, target);
  const done = donePath(folder);
  await durable.move(folder, done);
  await collect(target, { done, index, blobs: new Set(blobs) });
  await rm(done, { recursive: true, force: true });
}

/** With nothing at the place, or an empty folder, one rename is enough (rename(2)). */
async function isNew(folder: string, target: string): Promise<boolean> {
  try {
    await durable.move(folder, target);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOTDIR') return false;
    throw error;
  }
}

/**
 * Waits until no build removes blobs: one that this build relies on could be among them. A collector that begins later sees that this
 * build is unfinished, and removes nothing.
 */
async function noCollector(folder: string, target: string): Promise<void> {
  const giveUpAt = performance.now() + patienceMs;
  while ((await livingBeside(target, folder)).some(({ state }) => state === 'done')) {
    if (performance.now() > giveUpAt) {
      throw refused(target, `Another build of ${target} does not end: end it, or remove .${basename(target)}.*.done.`);
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

interface PublishedLayout {
  readonly done: string;
  readonly index: Uint8Array;
  readonly blobs: ReadonlySet<string>;
}

/**
 * Removes blobs that the index does not name. It removes nothing while another build is unfinished, whose blobs may be there already, or
 * after another index has come: the last build removes for all, or else the next build does.
 */
async function collect(target: string, { done, index, blobs }: PublishedLayout): Promise<void> {
  if ((await livingBeside(target, done)).some(({ state }) => state === 'tmp')) return;
  if (Buffer.compare(index, await readFile(join(target, 'index.json'))) !== 0) return;
  const names = await readdir(join(target, blobFolder));
  const gone = names.filter((name) => isBlob.test(name) && !blobs.has(name));
  await Promise.all(gone.map((name) => rm(join(target, blobFolder, name), { force: true })));
}

function refused(path: string, message: string): EnclosError {
  return new EnclosError('OCI_LAYOUT_INVALID', message, { details: { path } });
}
