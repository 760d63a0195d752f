import { randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { EnclosError } from '@enclos/errors';
import { syncFolder } from '../sync-folder.ts';
import { storageFailed } from '../storage-error.ts';

/** Files of a folder to be made, by relative path: `a/b` makes the sub-folder `a` too, `a/` an empty one. */
export type FolderContent = Readonly<Record<string, string | Uint8Array>>;

const defaultMaxBytes = 1 << 20;
const smallFileBytes = 1 << 16;
/** Small files that are read before others have their turn. */
const readBatch = 64;

/**
 * Makes a folder that either exists whole or not at all: everything is written
 * and synced in a hidden sibling, which is then renamed. When another process
 * was faster, its folder stays and this one's is dropped without an error.
 *
 * @throws PLATFORM_STORAGE_FAILED
 */
export async function createFolder(folder: string, content: () => Promise<FolderContent>): Promise<void> {
  const target = resolve(folder);
  if (!(await exists(target))) await make(target, content);
  await dropUnfinished(target);
}

async function make(target: string, content: () => Promise<FolderContent>): Promise<void> {
  const parent = dirname(target);
  const making = join(parent, `${makingPrefix(target)}${randomBytes(8).toString('hex')}`);
  try {
    await mkdir(parent, { recursive: true, mode: 0o700 });
    await mkdir(making, { mode: 0o700 });
    await fill(making, await content());
    await rename(making, target);
  } catch (error) {
    await rm(making, { recursive: true, force: true }).catch(ignore);
    // Whatever stopped this process: a folder that is there is whole.
    if (!(await exists(target))) throw storageFailed(target, error);
  }
  await syncFolder(parent);
}

function makingPrefix(target: string): string {
  return `.${basename(target)}.making-`;
}

/**
 * Removes what killed processes left. Once the folder is there, whoever is still
 * making it would be too late, and takes the one that is there.
 */
async function dropUnfinished(target: string): Promise<void> {
  const parent = dirname(target);
  const names = await readdir(parent).catch(() => []);
  for (const name of names.filter((candidate) => candidate.startsWith(makingPrefix(target)))) {
    await rm(join(parent, name), { recursive: true, force: true }).catch(ignore);
  }
}

/**
 * Replaces one file, or makes it: readers see the old bytes or the new ones, never a mixture.
 *
 * @throws PLATFORM_STORAGE_FAILED
 */
export async function replaceFile(path: string, data: string | Uint8Array): Promise<void> {
  const temporary = temporaryFor(path);
  try {
    await writeSynced(temporary, data);
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(ignore);
    throw storageFailed(path, error);
  }
}

/**
 * Makes a file that nobody has made before, and its folder. Of any number of
 * processes that add one path at once, one gets true.
 *
 * @returns false when it exists already.
 * @throws PLATFORM_STORAGE_FAILED
 */
export async function addFile(path: string, data: string | Uint8Array): Promise<boolean> {
  const temporary = temporaryFor(path);
  try {
    const made = await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    if (made !== undefined) await syncFolder(dirname(made));
    await writeSynced(temporary, data);
    await link(temporary, path);
  } catch (error) {
    if (!isThere(error)) throw storageFailed(path, error);
    return false;
  } finally {
    await rm(temporary, { force: true }).catch(ignore);
  }
  await syncFolder(dirname(path));
  return true;
}

/** Hidden, so that no list has it; what a killed process leaves of it harms nobody. */
function temporaryFor(path: string): string {
  return join(dirname(path), `.${basename(path)}.new-${randomBytes(8).toString('hex')}`);
}

/** @throws PLATFORM_FOLDER_INVALID when the file is missing, unreadable or larger than `maxBytes`, 1 MiB unless told. */
export async function readBytes(folder: string, name: string, maxBytes = defaultMaxBytes): Promise<Uint8Array> {
  const path = join(folder, name);
  try {
    if ((await stat(path)).size > maxBytes) throw new EnclosError('CODEC_OUT_OF_RANGE', 'The file is too large.');
    return new Uint8Array(await readFile(path));
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

export async function readText(folder: string, name: string, maxBytes?: number): Promise<string> {
  return Buffer.from(await readBytes(folder, name, maxBytes)).toString('utf8');
}

/** As `readText`, or undefined when there is no such file. */
export async function readOptionalText(folder: string, name: string): Promise<string | undefined> {
  return (await exists(join(folder, name))) ? readText(folder, name) : undefined;
}

/** Names of the files in a sub-folder, sorted; none when there is no such folder. Unfinished temporary files are left out. */
export async function listFiles(folder: string, name: string): Promise<readonly string[]> {
  try {
    return (await readdir(join(folder, name))).filter((entry) => !entry.startsWith('.')).sort();
  } catch (cause) {
    if (isMissing(cause)) return [];
    throw new EnclosError('PLATFORM_FOLDER_INVALID', `${join(folder, name)} cannot be listed.`, { cause });
  }
}

/** Reads and parses every file of a sub-folder whose name ends in `.json`, in the order of the names. */
export async function readAll<T>(folder: string, name: string, parse: (source: string) => T): Promise<readonly T[]> {
  const files = (await listFiles(folder, name)).filter((file) => file.endsWith('.json'));
  const values: T[] = [];
  for (let from = 0; from < files.length; from += readBatch) {
    for (const file of files.slice(from, from + readBatch)) values.push(parse(readSmall(join(folder, name, file))));
    await setImmediate();
  }
  return Object.freeze(values);
}

/** Synchronous: for ten thousands of small files the asynchronous calls take five times as long as the reading. */
function readSmall(path: string): string {
  try {
    if (statSync(path).size > smallFileBytes) throw new EnclosError('CODEC_OUT_OF_RANGE', 'The file is too large.');
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): EnclosError {
  return new EnclosError('PLATFORM_FOLDER_INVALID', `${path} cannot be read.`, {
    details: { file: basename(path) },
    cause,
  });
}

async function fill(folder: string, content: FolderContent): Promise<void> {
  const folders = new Set<string>();
  for (const [name, data] of Object.entries(content)) {
    const path = join(folder, name);
    const parent = name.endsWith('/') ? path : dirname(path);
    await mkdir(parent, { recursive: true, mode: 0o700 });
    folders.add(parent);
    if (parent !== path) await writeSynced(path, data);
  }
  for (const made of folders) await syncFolder(made);
  await syncFolder(folder);
}

async function writeSynced(path: string, data: string | Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(data);
    await file.sync();
  } finally {
    await file.close();
  }
}

export async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function isThere(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST';
}

function ignore(): void {
  return undefined;
}
