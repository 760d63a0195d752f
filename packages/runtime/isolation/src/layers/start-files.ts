import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { equalBytes } from '@enclos/codec';
import { durable } from '@enclos/durable';
import { storageFailed } from '@enclos/tee/storage';
import { outerFilter, seccompFilter } from './seccomp.ts';
import { starterProgram } from './starter.ts';

/** The platform's own files that it starts an enclave with. */
export interface StartFiles {
  /** The system call filter. */
  readonly filterPath: string;
  /** The program that closes descriptors and sets limits: see `starter.ts`. */
  readonly starterPath: string;
}

const starterName = 'enclos-start';

export const architectureHere = process.arch === 'arm64' ? 'arm64' : 'x64';

/**
 * Writes both into one folder, from which programs must be able to run.
 * @throws PLATFORM_STORAGE_FAILED
 */
export async function writeStartFiles(folder: string): Promise<StartFiles> {
  return { filterPath: await writeSeccompFilter(folder), starterPath: await writeStarter([folder]) };
}

/** Writes the filter where `setpriv` can read it, which runs as the enclave's user. It does not need to be secret. @returns its path. @throws PLATFORM_STORAGE_FAILED */
export function writeSeccompFilter(folder: string): Promise<string> {
  return writeOnce(join(folder, 'enclave.bpf'), seccompFilter(architectureHere), 0o444);
}

/** The same for a process that adds its own filter: the stub of SGX images, and programs. */
export function writeOuterFilter(folder: string): Promise<string> {
  return writeOnce(join(folder, 'outer.bpf'), outerFilter(architectureHere), 0o444);
}

/**
 * Writes the starter into the first folder that takes it, unless the folder already holds the same bytes. It appears whole or
 * not at all, so any number of platforms may do so at once.
 * @param folders in which only the user of the platform can write, and from which programs run. Every user that can pass
 *   through may run the starter, which can do nothing that its caller could not.
 * @returns its path. @throws PLATFORM_STORAGE_FAILED when the last folder does not take it
 */
export async function writeStarter([folder = '', ...others]: readonly string[]): Promise<string> {
  try {
    return await writeOnce(join(folder, starterName), starterProgram(architectureHere), 0o555);
  } catch (error) {
    if (others.length === 0) throw error;
    return writeStarter(others);
  }
}

/**
 * Writes a file unless it is there with the same bytes. Replacing it needs no right to write the old file, which an ordinary
 * user does not have on a file that is read-only; and the mode is the same whatever the umask takes away.
 */
export async function writeOnce(path: string, bytes: Uint8Array, mode: number): Promise<string> {
  const found = await readFile(path).catch(() => undefined);
  if (found !== undefined && equalBytes(found, bytes)) return path;
  try {
    // A cache is enough: the bytes are compared before each use.
    await durable.replace(path, bytes, { mode, ignoresUmask: true, isCache: true });
  } catch (error) {
    throw storageFailed(path, error);
  }
  return path;
}
