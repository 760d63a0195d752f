import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Turns } from '@enclos/bounded';
import { durable, temporaryPrefix, type Durable } from '@enclos/durable';
import { EnclosError, isEnclosError } from '@enclos/errors';
import '../errors.ts';
import { checkRow, maximumKeys, type Store, type StoredRow } from '../store/store.ts';
import { lockFolder, unfinishedLock, type FolderLock, type LockPatience } from './folder-lock.ts';
import { decodeRowFile, encodeRowFile, type RowFile } from './row-file.ts';

export interface FileStoreOptions extends LockPatience {
  /** The name of the service: part of each file, so that no service reads the folder of another one. */
  readonly service: string;
  /** Default: those of this machine. */
  readonly files?: Durable;
}

/**
 * The embedded store: a folder that one process uses, with one file for each key.
 *
 * A process that is killed at any moment, or a machine that loses its power, leaves the old row or the new one, whole.
 *
 * @throws SERVICE_STORE_REFUSED for a folder that another process uses, and for a damaged file.
 * @throws SERVICE_STORE_UNAVAILABLE
 */
export async function openFileStore(folder: string, options: FileStoreOptions): Promise<Store> {
  const { service, files = durable } = options;
  const path = resolve(folder);
  await disk(files.makeFolder(path, 0o700));
  const lock = await lockFolder(path, options);
  try {
    return new FileStore({ service, folder: path, files, lock, versions: await readVersions(service, path) });
  } catch (error) {
    await lock.release();
    throw error;
  }
}

interface FileStoreParts {
  readonly service: string;
  readonly folder: string;
  readonly files: Durable;
  readonly lock: FolderLock;
  /** What is known of each key. The rows themselves stay on the disk. */
  readonly versions: Map<string, bigint>;
}

class FileStore implements Store {
  readonly #parts: FileStoreParts;
  readonly #turns = new Turns();
  #isClosed = false;

  constructor(parts: FileStoreParts) {
    this.#parts = parts;
  }

  read(key: string): Promise<StoredRow | undefined> {
    return this.#inTurn(async () => {
      checkRow(key);
      if (!this.#parts.versions.has(key)) return undefined;
      const { version, bytes } = await readRow(this.#parts.service, this.#pathOf(key));
      return { version, bytes };
    });
  }

  write(key: string, version: bigint, bytes: Uint8Array): Promise<boolean> {
    return this.#inTurn(async () => {
      checkRow(key, bytes);
      const { versions, lock } = this.#parts;
      if ((versions.get(key) ?? 0n) !== version) return false;
      await lock.check();
      const next = newVersion();
      await this.#replace({ key, version: next, bytes });
      versions.set(key, next);
      await this.#syncNames();
      return true;
    });
  }

  keys(prefix: string): Promise<readonly string[]> {
    return this.#inTurn(async () => {
      const keys = [...this.#parts.versions.keys()].filter((key) => key.startsWith(prefix));
      return keys.sort().slice(0, maximumKeys);
    });
  }

  remove(key: string, version: bigint): Promise<boolean> {
    return this.#inTurn(async () => {
      checkRow(key);
      const { versions, lock } = this.#parts;
      if (!versions.has(key) || versions.get(key) !== version) return false;
      await lock.check();
      await disk(rm(this.#pathOf(key), { force: true }));
      versions.delete(key);
      await this.#syncNames();
      return true;
    });
  }

  close(): Promise<void> {
    return this.#inTurn(async () => {
      this.#isClosed = true;
      await this.#parts.lock.release();
    });
  }

  async #replace(row: RowFile): Promise<void> {
    const { service, files, folder } = this.#parts;
    const file = await disk(files.begin(folder));
    try {
      await disk(file.write(encodeRowFile(service, row)));
      await disk(file.place(this.#pathOf(row.key)));
    } finally {
      await file.discard();
    }
  }

  /** Until this is done the change could be lost with the power, so the caller is not told that it was made. */
  #syncNames(): Promise<void> {
    return disk(this.#parts.files.syncFolder(this.#parts.folder));
  }

  /** Keys have characters that names of files have not, and are longer. */
  #pathOf(key: string): string {
    return join(this.#parts.folder, fileName(key));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#turns.take(() => {
      if (this.#isClosed) throw new EnclosError('SERVICE_STORE_UNAVAILABLE', 'The store is closed.');
      return work();
    });
  }
}

const fileName = (key: string): string => `${createHash('sha256').update(key).digest('hex')}.row`;

/** Random, so that no version comes again after a removal, nor when an older folder is put in place. */
function newVersion(): bigint {
  return randomBytes(8).readBigUInt64BE() | 1n;
}

async function readVersions(service: string, folder: string): Promise<Map<string, bigint>> {
  const versions = new Map<string, bigint>();
  for (const name of await disk(readdir(folder))) {
    const path = join(folder, name);
    // Left by a process that was killed: the folder is locked, so no other process writes here.
    if (name.startsWith(unfinishedLock) || name.startsWith(temporaryPrefix)) await disk(rm(path, { force: true }));
    if (!name.endsWith('.row')) continue;
    const { key, version } = await readRow(service, path);
    if (fileName(key) !== name) damaged(path);
    versions.set(key, version);
  }
  return versions;
}

async function readRow(service: string, path: string): Promise<RowFile> {
  const file = await disk(readFile(path));
  try {
    return decodeRowFile(service, file);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return damaged(path, error);
  }
}

function damaged(path: string, cause?: unknown): never {
  throw new EnclosError('SERVICE_STORE_REFUSED', `A file of the store is damaged: ${path}.`, { cause });
}

async function disk<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw new EnclosError('SERVICE_STORE_UNAVAILABLE', undefined, { cause });
  }
}
