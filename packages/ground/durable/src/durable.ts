import { dirname, join } from 'node:path';
import { nodeFileSystem, type FileSystem } from './file-system.ts';
import { naming } from './named-error.ts';
import { makeFolder, syncFolder } from './sync-folder.ts';
import { AbandonedFiles, temporaryPath } from './temporary-names.ts';
import { TemporaryFile, type FileContent, type UnfinishedFile, type UnfinishedFileParts } from './unfinished-file.ts';
import { addFolder, type FolderContent } from './whole-folder.ts';

/** How a new file is made. */
export interface FileOptions {
  /** Default: 0600, for its owner only. */
  readonly mode?: number | undefined;
  /** The mode is set exactly, whatever the umask of the process. */
  readonly ignoresUmask?: boolean | undefined;
  /**
   * Nothing is synced: only for content that is checked whenever it is read, and rebuilt when it is damaged. Readers still see
   * the old content or the new; after a loss of power they may see part of it, or nothing. This saves an fsync, which can take
   * seconds for a hundred megabytes.
   */
  readonly isCache?: boolean | undefined;
}

export interface WriteOptions extends FileOptions {
  /** Makes the folder of the file, and those above it, with this mode (less the umask). Default: the folder must exist. */
  readonly folderMode?: number | undefined;
}

export interface CopyOptions extends WriteOptions {
  /** Called with the path of the finished copy before it gets its name. If it throws, no copy is made. */
  readonly check?: ((path: string) => Promise<void>) | undefined;
}

export interface DurableOptions {
  /** Default: the file system of this machine. */
  readonly files?: FileSystem;
  /** Milliseconds that only go up. Default: the time since the process began. */
  readonly now?: () => number;
}

const defaultMode = 0o600;

/**
 * Writes files whole and durably.
 *
 * A file is written under a hidden temporary name beside its place, synced, and given its name by one rename or link; then
 * its folder is synced. So a reader sees either the old content or the new, even after a kill, a crash or a loss of power; and
 * when a call resolves, the new content survives all of those. A failed call leaves what was there. Temporary files that killed
 * processes left are removed by the next process that writes to the folder; files of another machine or container are removed
 * when they are an hour old.
 *
 * Every method throws the error of the file system (`ENOSPC`, `EACCES`, `EIO`): callers say what it means. Its `path` is the file that
 * was to be written, and never the temporary one. A device or a pipe is never replaced (`EINVAL`).
 *
 * @example
 * await durable.replace('state/settings.json', text, { folderMode: 0o700 });
 * if (!(await durable.add('key.pem', pem))) throw new Error('There is a key.');
 */
export class Durable {
  readonly #files: FileSystem;
  readonly #abandoned: AbandonedFiles;

  constructor({ files = nodeFileSystem, now = () => performance.now() }: DurableOptions = {}) {
    this.#files = files;
    this.#abandoned = new AbandonedFiles(files, now);
  }

  /** Replaces a file, or makes it. */
  replace(path: string, content: FileContent, options: WriteOptions = {}): Promise<void> {
    return naming(path, async () => {
      const file = await this.#beginBeside(path, options);
      try {
        await file.write(content);
        await file.place(path);
      } finally {
        await file.discard();
      }
      await this.#syncNames(path, options);
    });
  }

  /**
   * Makes a file that was not there. When several processes add one path at once, exactly one gets true.
   * @returns false when there is something at the path
   */
  add(path: string, content: FileContent, options: WriteOptions = {}): Promise<boolean> {
    return naming(path, async () => {
      const file = await this.#beginBeside(path, options);
      let isNew = false;
      try {
        await file.write(content);
        isNew = await file.placeNew(path);
      } finally {
        await file.discard();
      }
      // The name of another process may not be durable yet: callers that read it may rely on it too.
      await this.#syncNames(path, options);
      return isNew;
    });
  }

  /** Copies a file over another, or makes it. Both share their blocks until one is changed, where the file system can. */
  copy(from: string, to: string, options: CopyOptions = {}): Promise<void> {
    return naming(to, () => this.#copy(from, to, options));
  }

  async #copy(from: string, to: string, options: CopyOptions): Promise<void> {
    await this.#makeFolderOf(to, options);
    const path = temporaryPath(dirname(to));
    let file: UnfinishedFile | undefined;
    try {
      await this.#files.copyFile(from, path);
      const handle = await this.#files.open(path, 'r');
      file = await this.#unfinished({ path, handle, name: to }, { ...options, ignoresUmask: true });
      await options.check?.(path);
      await file.place(to);
    } catch (error) {
      await file?.discard();
      // A copy that failed half-way has no handle yet.
      await this.#files.remove(path).catch(() => undefined);
      throw error;
    }
    await this.#syncNames(to, options);
  }

  /** Removes a file for good, and never a folder. Succeeds when there is none. */
  async remove(path: string): Promise<void> {
    await naming(path, () => this.#files.remove(path));
    await this.syncFolder(dirname(path));
  }

  /**
   * Begins a file whose content arrives in pieces, or whose name is known only when it is whole. Call `syncFolder` after
   * placing it, and `discard` in every case. Errors name the folder.
   */
  begin(folder: string, options: FileOptions = {}): Promise<UnfinishedFile> {
    return naming(folder, () => this.#begin(folder, folder, options));
  }

  /**
   * Makes a folder that appears whole or not at all: it is filled and synced under a hidden name beside its place, and then
   * renamed. Its files have mode 0600 and its folders 0700. When another process was faster, its folder stays.
   * @returns whether this call made the folder
   */
  addFolder(path: string, content: () => Promise<FolderContent>): Promise<boolean> {
    return addFolder(this.#files, path, content);
  }

  /** Makes a folder and those above it where they are missing, and makes their names durable. */
  makeFolder(path: string, mode = 0o777): Promise<void> {
    return makeFolder(this.#files, path, mode);
  }

  /** Renames a file or a folder, over a file or an empty folder that has the name (rename(2)). */
  async move(from: string, to: string): Promise<void> {
    await naming(to, () => this.#files.rename(from, to));
    await this.syncFolder(dirname(to));
    if (dirname(from) !== dirname(to)) await this.syncFolder(dirname(from));
  }

  /** Moves files of one folder to another in this order, and syncs each folder once. */
  async moveAll(names: readonly string[], from: string, to: string): Promise<void> {
    for (const name of names) {
      const target = join(to, name);
      await naming(target, () => this.#files.rename(join(from, name), target));
    }
    await this.syncFolder(to);
    await this.syncFolder(from);
  }

  /** Makes the names in a folder durable, such as those of files that were placed there. */
  syncFolder(path: string): Promise<void> {
    return syncFolder(this.#files, path);
  }

  async #beginBeside(path: string, options: WriteOptions): Promise<UnfinishedFile> {
    await this.#makeFolderOf(path, options);
    return this.#begin(dirname(path), path, options);
  }

  /** @param name what errors name */
  async #begin(folder: string, name: string, options: FileOptions): Promise<UnfinishedFile> {
    const path = temporaryPath(folder);
    const handle = await this.#files.open(path, 'wx', options.mode ?? defaultMode);
    return this.#unfinished({ path, handle, name }, options);
  }

  async #makeFolderOf(path: string, { folderMode }: WriteOptions): Promise<void> {
    if (folderMode !== undefined) await this.makeFolder(dirname(path), folderMode);
  }

  async #unfinished(
    { path, handle, name }: Pick<UnfinishedFileParts, 'path' | 'handle' | 'name'>,
    { mode = defaultMode, ignoresUmask = false, isCache = false }: FileOptions,
  ): Promise<UnfinishedFile> {
    const file = new TemporaryFile({ files: this.#files, path, handle, name, isSynced: !isCache });
    try {
      if (ignoresUmask) await handle.chmod(mode);
      await this.#abandoned.remove(dirname(path), (await handle.stat()).mtimeMs);
      return file;
    } catch (error) {
      await file.discard();
      throw error;
    }
  }

  async #syncNames(path: string, { isCache = false }: FileOptions): Promise<void> {
    if (!isCache) await this.syncFolder(dirname(path));
  }
}

/** Durable files on the file system of this machine. */
export const durable = new Durable();
