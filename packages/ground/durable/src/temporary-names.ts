import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { FileSystem } from './file-system.ts';
import { isRunning, processMark } from './process-mark.ts';

/**
 * The prefix of the names of unfinished files. Such a name is hidden, and does not grow with the name of the file, which may
 * already take all 255 bytes that a name can have.
 */
export const temporaryPrefix = '.enclos-new-';

const temporaryPattern = /^\.enclos-new-(\d{1,10}-\d{1,20}-[0-9a-f]{12})-[0-9a-f]{12}$/;
/** For files of processes about which nothing is known. A write takes seconds, and a file that grows is not old. */
const abandonedAfterMs = 3_600_000;
const maximumFolders = 256;

/** A new path in a folder for a file that is not finished. */
export function temporaryPath(folder: string): string {
  return join(folder, `${temporaryPrefix}${processMark()}-${randomBytes(6).toString('hex')}`);
}

/** Removes temporary files that killed processes left, in each folder at most once an hour. */
export class AbandonedFiles {
  readonly #files: FileSystem;
  readonly #now: () => number;
  /** When each folder was looked through. */
  readonly #lookedAt = new Map<string, number>();

  /** @param now milliseconds that only go up */
  constructor(files: FileSystem, now: () => number) {
    this.#files = files;
    this.#now = now;
  }

  /**
   * Never fails: a file that cannot be removed takes space and does no harm.
   * @param nowMs the time that the file system gave to a new file; its clock may differ from that of this process.
   */
  async remove(folder: string, nowMs: number): Promise<void> {
    const lookedAt = this.#lookedAt.get(folder);
    if (lookedAt !== undefined && this.#now() - lookedAt < abandonedAfterMs) return;
    if (this.#lookedAt.size >= maximumFolders) this.#lookedAt.clear();
    this.#lookedAt.set(folder, this.#now());
    for (const name of await this.#files.list(folder).catch(() => [])) {
      const [, mark] = temporaryPattern.exec(name) ?? [];
      if (mark === undefined) continue;
      const path = join(folder, name);
      if (await this.#isAbandoned(path, isRunning(mark), nowMs)) await this.#files.remove(path).catch(() => undefined);
    }
  }

  async #isAbandoned(path: string, isOwnerRunning: boolean | undefined, nowMs: number): Promise<boolean> {
    if (isOwnerRunning === true) return false;
    const found = await this.#files.stat(path).catch(() => undefined);
    if (found?.isFile() !== true) return false;
    return isOwnerRunning === false || nowMs - found.mtimeMs > abandonedAfterMs;
  }
}
