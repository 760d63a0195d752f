import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EnclosError } from '@enclos/errors';
import { parseStubRecord, stubName } from './stub-record.ts';

/** The stub that this installation has. */
export interface Stub {
  /** An executable file for x86-64 Linux that needs nothing else. */
  readonly path: string;
  /** Digest of the file, as hex. */
  readonly sha256: string;
  /** A byte of CPUSVN: 1 to 255. Raised when an older stub must no longer be trusted. */
  readonly securityVersion: number;
  /** What built it, such as `gcc-14 14.2.0`. */
  readonly compiler: string;
}

/**
 * Finds the native stub, which `npm run build` makes where gcc-14 or clang-19 is installed and which the tarball of this package
 * carries.
 *
 * @param folder with the stub and the record beside it. Default: `native` beside a program of one file, such as a container image has,
 *   and otherwise that of this package
 * @throws STUB_MISSING when it was not built, or does not match the record beside it
 */
export function findStub(folder: string = ownFolder()): Stub {
  const path = join(folder, stubName);
  const record = parseStubRecord(read(`${path}.json`, path));
  const sha256 = createHash('sha256').update(read(path, path)).digest('hex');
  if (record === undefined || record.sha256 !== sha256) {
    throw new EnclosError('STUB_MISSING', `The stub ${path} does not match the record beside it.`);
  }
  const { securityVersion, compiler } = record;
  return Object.freeze({ path, sha256, securityVersion, compiler });
}

/** The modules of this package have no folder of that name beside them. */
export function ownFolder(module: string = import.meta.url): string {
  const beside = fileURLToPath(new URL('./native', module));
  return existsSync(beside) ? beside : fileURLToPath(new URL('../native', module));
}

function read(file: string, stub: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new EnclosError(
      'STUB_MISSING',
      `There is no stub at ${stub}. Packages that are built where gcc-14 or clang-19 is installed have it.`,
      { cause },
    );
  }
}
