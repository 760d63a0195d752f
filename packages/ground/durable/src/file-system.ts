import { constants } from 'node:fs';
import { copyFile, link, lstat, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** An open file, as `FileHandle` of Node has it. */
export interface OpenFile {
  /** Writes after what was written before. */
  writeFile(content: string | Uint8Array): Promise<void>;
  chmod(mode: number): Promise<void>;
  sync(): Promise<void>;
  stat(): Promise<{ readonly mtimeMs: number }>;
  close(): Promise<void>;
}

/** The calls of a file system that durable files need. Tests supply one that records, fails or loses power. */
export interface FileSystem {
  /** `wx` makes a file and fails with `EEXIST` when there is one; `r` opens a file or a folder. */
  open(path: string, flags: 'wx' | 'r', mode?: number): Promise<OpenFile>;
  /** Makes a copy that was not there. Shares blocks with the original where the file system can. */
  copyFile(from: string, to: string): Promise<void>;
  /** Fails with `EINVAL` instead of taking the place of a device or a pipe. */
  rename(from: string, to: string): Promise<void>;
  link(from: string, to: string): Promise<void>;
  /** Removes a file or a symbolic link, and never a folder. Succeeds when there is nothing. */
  remove(path: string): Promise<void>;
  /** Removes a folder with everything in it. Succeeds when there is nothing. */
  removeFolder(path: string): Promise<void>;
  /** Makes a folder and those above it. @returns the topmost folder that was made */
  makeFolder(path: string, mode: number): Promise<string | undefined>;
  list(path: string): Promise<readonly string[]>;
  /** Does not follow a symbolic link. */
  stat(path: string): Promise<{ readonly mtimeMs: number; isFile(): boolean }>;
}

/**
 * For root, a rename over `/dev/null` would take it from every program. Links in `/dev`, such as `/dev/stdout`, count as what they
 * lead to; a link elsewhere is replaced, wherever it leads.
 */
async function renameOverFile(from: string, to: string): Promise<void> {
  const look = resolve(to).startsWith('/dev/') ? stat : lstat;
  const found = await look(to).catch(() => undefined);
  if (found?.isCharacterDevice() || found?.isBlockDevice() || found?.isFIFO()) {
    const error = new Error(`EINVAL: a device or a pipe is not replaced, rename '${from}' -> '${to}'`);
    throw Object.assign(error, { code: 'EINVAL' });
  }
  await rename(from, to);
}

/**
 * Like `mkdir` of Node with `recursive`, which never ends where a folder exists and takes no new ones, as below /proc.
 * @returns the topmost folder that was made
 */
async function makeFolders(path: string, mode: number): Promise<string | undefined> {
  try {
    return (await makeOne(path, mode)) ? path : undefined;
  } catch (error) {
    const parent = dirname(path);
    if (!hasCode(error, 'ENOENT') || parent === path) throw error;
    const topmost = await makeFolders(parent, mode);
    const isMade = await makeOne(path, mode);
    return topmost ?? (isMade ? path : undefined);
  }
}

/** @returns false when there is a folder already */
async function makeOne(path: string, mode: number): Promise<boolean> {
  try {
    await mkdir(path, { mode });
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST') && (await stat(path)).isDirectory()) return false;
    throw error;
  }
}

/** The file system of this machine. */
export const nodeFileSystem: FileSystem = Object.freeze<FileSystem>({
  open: (path, flags, mode) => open(path, flags, mode),
  copyFile: (from, to) => copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE),
  rename: renameOverFile,
  link: (from, to) => link(from, to),
  remove: (path) => rm(path, { force: true }),
  removeFolder: (path) => rm(path, { recursive: true, force: true }),
  makeFolder: (path, mode) => makeFolders(resolve(path), mode),
  list: (path) => readdir(path),
  stat: (path) => lstat(path),
});

/** Whether an error of the file system has this code, such as `ENOENT`. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
