import { statSync, watch, type FSWatcher } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { isInside } from '../files/inside.ts';

/** Tells when something in one of some folders may have changed. */
export interface FolderWatcher {
  /** From now on these folders and no others. One that was removed and made again is watched again. */
  setFolders(folders: Iterable<string>): void;
  close(): void;
}

/** How long it stays quiet before one change of many files is told: an editor writes, renames and sets times. */
const quietMs = 60;

/**
 * Watches folders, each by itself. Not files: most editors replace a file, and
 * a watcher of the old one hears nothing more. Not whole trees: `recursive` of
 * node:fs walks and watches every file below, `node_modules` and our own output
 * included (Node 20, on Linux).
 * @param changed gets the paths that the kernel named; an empty one for a folder that may have changed anywhere.
 */
export function createFolderWatcher(changed: (paths: ReadonlySet<string>) => void): FolderWatcher {
  const watchers = new Map<string, { readonly watcher: FSWatcher; readonly identity: string }>();
  let waiting = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const tell = (path: string): void => {
    waiting.add(path);
    clearTimeout(timer);
    timer = setTimeout(() => {
      const paths = waiting;
      waiting = new Set();
      changed(paths);
    }, quietMs);
  };
  const drop = (folder: string): void => {
    watchers.get(folder)?.watcher.close();
    watchers.delete(folder);
  };
  const add = (folder: string, identity: string): void => {
    try {
      const watcher = watch(folder, (_event, name) => tell(name === null ? folder : join(folder, name)));
      // The file is gone, or the kernel has no free watches.
      watcher.on('error', () => drop(folder));
      watchers.set(folder, { watcher, identity });
    } catch {
      // Gone since it was looked at: its parent tells when it comes back.
    }
  };
  return Object.freeze({
    setFolders(folders: Iterable<string>) {
      const wanted = new Set(folders);
      for (const folder of watchers.keys()) if (!wanted.has(folder)) drop(folder);
      for (const folder of wanted) {
        const identity = identityOf(folder);
        if (watchers.get(folder)?.identity === identity) continue;
        drop(folder);
        if (identity !== undefined) add(folder, identity);
      }
    },
    close() {
      clearTimeout(timer);
      for (const folder of watchers.keys()) drop(folder);
    },
  });
}

/** Includes the time of creation, because a new folder often gets the inode number of a removed one. */
function identityOf(folder: string): string | undefined {
  const found = statSync(folder, { throwIfNoEntry: false });
  return found?.isDirectory() === true ? `${found.dev}:${found.ino}:${found.birthtimeMs}` : undefined;
}

/**
 * The folders to watch for some files: their own, and inside the project those
 * above them too, which tell when one comes back.
 */
export function foldersOf(files: Iterable<string>, projectFolder: string): ReadonlySet<string> {
  const folders = new Set<string>();
  for (const file of files) {
    for (let folder = dirname(file); !folders.has(folder); folder = dirname(folder)) {
      folders.add(folder);
      if (folder === projectFolder || !isInside(projectFolder, folder)) break;
    }
  }
  return folders;
}

/** True for a file that may be what a build lacked: not our output, not in a package, not hidden. */
export function isSource(folder: string, path: string): boolean {
  return (
    isInside(folder, path) &&
    !relative(folder, path)
      .split(sep)
      .some((part) => part.startsWith('.') || part === 'node_modules')
  );
}
