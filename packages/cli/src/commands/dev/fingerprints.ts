import { stat } from 'node:fs/promises';
import { hashFile } from '../../files/hash.ts';

/** What files held at one moment: SHA-256 by absolute path. A file that is not there is remembered as such. */
export type Fingerprints = ReadonlyMap<string, string>;

/**
 * Takes fingerprints. Times alone would not do to tell a change: editors,
 * branches and network folders set them as they like. They do tell that a file
 * which was read a while ago is still the same, so that a model of many
 * gigabytes is not read at each change of a source.
 */
export interface Fingerprinter {
  /**
   * @param since milliseconds since 1970. A file that was written later may not
   *   be what was read before, so it counts as changed next time.
   */
  readonly take: (paths: Iterable<string>, since?: number) => Promise<Fingerprints>;
}

const absent = 'absent';
/** No content has this fingerprint, so a file with it counts as changed. */
const unknown = 'unknown';
/** File systems keep times in steps of some milliseconds: two writes within one step look like one. */
const settledMs = 200;

export function createFingerprinter(now: () => number = Date.now): Fingerprinter {
  const known = new Map<string, { readonly stamp: string; readonly print: string }>();
  const printOf = async (path: string, since: number): Promise<string> => {
    try {
      const { ino, size, mtimeMs, ctimeMs } = await stat(path);
      if (mtimeMs >= since) return unknown;
      const stamp = [ino, size, mtimeMs, ctimeMs].join(':');
      const before = known.get(path);
      if (before?.stamp === stamp) return before.print;
      const print = await hashFile(path);
      if (now() - ctimeMs > settledMs) known.set(path, { stamp, print });
      return print;
    } catch {
      return absent;
    }
  };
  return Object.freeze({
    async take(paths: Iterable<string>, since = Infinity) {
      const found = [...new Set(paths)].map(async (path) => [path, await printOf(path, since)] as const);
      return new Map(await Promise.all(found));
    },
  });
}

/** The paths of `now` that differ from what they were. */
export function changedPaths(before: Fingerprints, now: Fingerprints): readonly string[] {
  return [...now].filter(([path, print]) => before.get(path) !== print).map(([path]) => path);
}
