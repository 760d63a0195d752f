import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readElf } from '@enclos/elf';
import { interpreterFiles } from '../layers/plan.ts';
import { runCommand, type Run } from '../layers/run.ts';

const maxLibraries = 256;

/**
 * The libraries of the system that the files of a companion name (DT_NEEDED), directly or through one another, where they are not among
 * these files and not those of the interpreter. They are looked for where those of the interpreter are, and nothing is run. Like those
 * they are not measured. What is found nowhere is left out: the loader of the system then says which library is missing.
 * @param files absolute paths. One that is not an ELF file names nothing.
 */
export function neededLibraries(
  files: readonly string[],
  interpreterPath: string,
  run: Run = runCommand,
): readonly string[] {
  if (files.length === 0) return [];
  const { runnable } = interpreterFiles(interpreterPath, run);
  const known = new Set([...runnable, ...files].map((path) => basename(path)));
  const folders = [...new Set(runnable.slice(1).map((path) => dirname(path)))];
  const found: string[] = [];
  const waiting = [...files];
  for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
    for (const name of neededBy(file)) {
      // The loader opens a name with a slash as a path, and such a path is not in the view.
      if (known.has(name) || !/^[^/\p{Cc}]+$/u.test(name) || found.length === maxLibraries) continue;
      known.add(name);
      const path = folders.map((folder) => join(folder, name)).find((there) => existsSync(there));
      if (path === undefined) continue;
      found.push(path);
      waiting.push(path);
    }
  }
  return found;
}

function neededBy(path: string): readonly string[] {
  const descriptor = openSync(path, 'r');
  try {
    return readElf((offset, length) => {
      const bytes = new Uint8Array(length);
      return bytes.subarray(0, readSync(descriptor, bytes, 0, length, offset));
    }).needed;
  } catch (error) {
    if (error instanceof RangeError) return [];
    throw error;
  } finally {
    closeSync(descriptor);
  }
}
