import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EnclosError } from '@enclos/errors';

/** Where the Go files of Enclos are: `go` and `ego` are modules, `overlay` goes into the standard library. */
export function carriedFolder(module: string = import.meta.url): string {
  const beside = fileURLToPath(new URL('./go', module));
  return existsSync(beside) ? beside : fileURLToPath(new URL('../go', module));
}

/** A file with its content. */
export interface GoFile {
  /** Relative, with slashes. */
  readonly path: string;
  readonly content: string;
}

/**
 * The Go files of a package, sorted, without tests.
 * @throws GO_FILES_MISSING
 */
export function goFilesOf(folder: string): readonly GoFile[] {
  return shippedFiles(folder)
    .filter((path) => path.endsWith('.go') && !path.includes('/'))
    .map((path) => ({ path, content: readFileSync(join(folder, path), 'utf8') }));
}

/**
 * The files of a folder that belong into a build, sorted: neither tests nor their data.
 * @throws GO_FILES_MISSING
 */
export function shippedFiles(folder: string): readonly string[] {
  if (!existsSync(folder)) throw new EnclosError('GO_FILES_MISSING', `There is no ${folder}.`);
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((path) => !path.endsWith('_test.go') && !path.split('/').includes('testdata'))
    .toSorted();
}
