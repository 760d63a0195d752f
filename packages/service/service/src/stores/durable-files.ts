import { open, readdir, readFile, rename, rm, type FileHandle } from 'node:fs/promises';

/** What the store asks of a file system. */
export interface DurableFiles {
  /** Makes a file that was not there, with its bytes on the disk when it resolves. */
  writeNew(path: string, bytes: Uint8Array): Promise<void>;
  /** Replaces at once: readers and a crash see one of the two. */
  rename(from: string, to: string): Promise<void>;
  /** No error when it is not there. */
  remove(path: string): Promise<void>;
  /** Makes the names in a folder durable: a synced file with an unsynced name is lost with the power. */
  syncFolder(path: string): Promise<void>;
  read(path: string): Promise<Uint8Array>;
  list(path: string): Promise<readonly string[]>;
}

async function synced(path: string, flags: string, work: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, flags, 0o600);
  try {
    await work(file);
    await file.sync();
  } finally {
    await file.close();
  }
}

export const durableFiles: DurableFiles = Object.freeze<DurableFiles>({
  writeNew: (path, bytes) => synced(path, 'wx', (file) => file.writeFile(bytes)),
  rename,
  remove: (path) => rm(path, { force: true }),
  syncFolder: (path) => synced(path, 'r', () => Promise.resolve()),
  read: async (path) => new Uint8Array(await readFile(path)),
  list: readdir,
});
