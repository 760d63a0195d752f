import { isUtf8 } from 'node:buffer';
import { constants } from 'node:fs';
import { lstat, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Turns } from '@enclos/bounded';
import { durable } from '@enclos/durable';
import { isEnclosError } from '@enclos/errors';
import type { ItemStore } from '../fetch-item.ts';
import { itemRequest, type ItemRequest } from '../request.ts';
import { maximumStoredLength, parseStoredText, sha256, storedMembers, type StoredItem } from '../stored-item.ts';
import { requireCacheFolder } from './cache-folder.ts';

export interface DiskCacheOptions {
  readonly folder: string;
  /** The bound for all items together. Default: 64 MiB. The items written longest ago are removed first. */
  readonly maxBytes?: number;
  /** Default: 4096. */
  readonly maxItems?: number;
}

export interface DiskCache extends ItemStore {
  readonly folder: string;
  /** Every item that can be read, in the order of source and request. */
  list(): Promise<readonly StoredItem[]>;
  remove(source: string, request: ItemRequest): Promise<void>;
}

const namePattern = /^[0-9a-f]{64}\.json$/;
/** UTF-8: items are ASCII but for what a document may say for people. */
const mostFileBytes = 3 * maximumStoredLength;

/**
 * A cache of items on disk: a file each, named by the hash of source and
 * request. A file appears whole, by renaming, so any number of processes may
 * use the folder at once and none needs a lock; one that is damaged is as good
 * as absent, and is written again.
 *
 * @throws ENDORSEMENTS_CACHE_REFUSED
 */
export async function openDiskCache(options: DiskCacheOptions): Promise<DiskCache> {
  const { folder, maxBytes = 67_108_864, maxItems = 4096 } = options;
  await requireCacheFolder(folder);
  const pathOf = async (source: string, { text }: ItemRequest): Promise<string> =>
    join(folder, `${await sha256(`${source} ${text}`)}.json`);
  // Two that prune at once can each take for old what the other just wrote, and remove both.
  const writes = new Turns();
  return Object.freeze({
    folder,
    async load(source: string, request: ItemRequest) {
      const item = await readItemFile(await pathOf(source, request));
      // A file under the name of another item answers another question.
      return item?.source === source && item.request.text === request.text ? item : undefined;
    },
    async save(item: StoredItem) {
      const content = `${JSON.stringify(await storedMembers(item))}\n`;
      const path = await pathOf(item.source, item.request);
      await writes.take(async () => {
        await durable.replace(path, content);
        await prune(folder, { maxBytes, maxItems });
      });
    },
    async list() {
      const names = (await readdir(folder)).filter((name) => namePattern.test(name)).slice(0, maxItems);
      const items: StoredItem[] = [];
      for (const name of names) {
        const item = await readItemFile(join(folder, name));
        if (item !== undefined && (await pathOf(item.source, item.request)) === join(folder, name)) items.push(item);
      }
      return items.sort((a, b) => (`${a.source} ${a.request.text}` < `${b.source} ${b.request.text}` ? -1 : 1));
    },
    async remove(source: string, request: ItemRequest) {
      await rm(await pathOf(source, itemRequest(request.kind, request.parameters)), { force: true });
    },
  });
}

/** Undefined for a file that is missing, too large, damaged, or not from this cache. */
async function readItemFile(path: string): Promise<StoredItem | undefined> {
  try {
    return await parseStoredText(await readText(path));
  } catch (error) {
    if (isEnclosError(error) || isSystemError(error)) return undefined;
    throw error;
  }
}

async function readText(path: string): Promise<string> {
  // A link could lead to a pipe, on which a read never ends.
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const found = await handle.stat();
    if (!found.isFile() || found.size > mostFileBytes || found.uid !== process.getuid?.()) return '';
    const bytes = await handle.readFile();
    return isUtf8(bytes) ? bytes.toString('utf8') : '';
  } finally {
    await handle.close();
  }
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

/** Removes the items that were written longest ago, down to the bounds. Other processes may do the same at once. */
async function prune(
  folder: string,
  { maxBytes, maxItems }: { readonly maxBytes: number; readonly maxItems: number },
): Promise<void> {
  const names = (await readdir(folder)).filter((name) => namePattern.test(name));
  const looked = await Promise.all(names.map((name) => lstat(join(folder, name)).catch(() => undefined)));
  const files = names.flatMap((name, index) => {
    const found = looked[index];
    return found === undefined ? [] : [{ name, size: found.size, ino: found.ino, writtenMs: found.mtimeMs }];
  });
  files.sort((a, b) => b.writtenMs - a.writtenMs);
  let bytes = 0;
  for (const [index, { name, size, ino }] of files.entries()) {
    bytes += size;
    // The newest stays, whatever its size: it was just written.
    if (index === 0 || (bytes <= maxBytes && index < maxItems)) continue;
    const path = join(folder, name);
    // What another process has written since then is not old.
    const still = await lstat(path).catch(() => undefined);
    if (still?.ino === ino) await rm(path, { force: true });
  }
}
