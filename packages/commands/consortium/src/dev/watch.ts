import { watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';

/** An editor writes several files, renames them and sets their times: that is one change. */
const quietMs = 60;

/** Tells once when one of some files changes. Folders are watched: most editors replace a file. */
export class FileWatch {
  readonly #changed: () => void;
  #watchers: FSWatcher[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /**
   * @param files absolute paths.
   * @param folders where any file counts, so that one which is not there yet does, too.
   */
  set(files: readonly string[], folders: readonly string[] = []): void {
    this.close();
    const byFolder = new Map<string, Set<string> | undefined>();
    for (const path of files) {
      const names = byFolder.get(dirname(path)) ?? new Set<string>();
      byFolder.set(dirname(path), names.add(basename(path)));
    }
    for (const folder of folders) byFolder.set(folder, undefined);
    for (const [folder, names] of byFolder) this.#add(folder, names);
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
  }

  #add(folder: string, names: ReadonlySet<string> | undefined): void {
    try {
      const watcher = watch(folder, (_event, name) => {
        if (name !== null && names?.has(name) === false) return;
        clearTimeout(this.#timer);
        this.#timer = setTimeout(this.#changed, quietMs);
      });
      watcher.on('error', () => watcher.close());
      this.#watchers.push(watcher);
    } catch {
      // The folder is gone; a change of app.json, or a restart, finds it again.
    }
  }
}
