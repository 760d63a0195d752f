import { readFileSync, statSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { durable, type FolderContent } from '@enclos/durable';
import { EnclosError } from '@enclos/errors';
import { storageFailed } from '@enclos/tee/storage';

const defaultMaxBytes = 1 << 20;
const smallFileBytes = 1 << 16;
/** The number of small files that are read in one turn of the event loop. */
const readBatch = 64;

/**
 * Makes a folder that exists either whole or not at all. When another process was faster, its folder stays and this one is
 * dropped without an error.
 *
 * @throws PLATFORM_STORAGE_FAILED
 */
export async function createFolder(folder: string, content: () => Promise<FolderContent>): Promise<void> {
  await stored(folder, durable.addFolder(folder, content));
}

/**
 * Replaces one file, or makes it: readers see the old bytes or the new ones, never a mixture.
 *
 * @throws PLATFORM_STORAGE_FAILED
 */
export async function replaceFile(path: string, data: string | Uint8Array): Promise<void> {
  await stored(path, durable.replace(path, data));
}

/**
 * Makes a file that was not there, and its folder. When several processes add one path at once, exactly one gets true.
 *
 * @returns false when it exists already.
 * @throws PLATFORM_STORAGE_FAILED
 */
export function addFile(path: string, data: string | Uint8Array): Promise<boolean> {
  return stored(path, durable.add(path, data, { folderMode: 0o700 }));
}

async function stored<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw storageFailed(path, error);
  }
}

/** @throws PLATFORM_FOLDER_INVALID when the file is missing, unreadable or larger than `maxBytes` (default 1 MiB). */
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

/** Synchronous: for tens of thousands of small files the asynchronous calls take five times as long as the reading. */
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

export async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
