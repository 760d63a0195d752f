import { statSync } from 'node:fs';
import { join } from 'node:path';
import { unreadable } from '@enclos/cli-frame/files';
import { EM_X86_64 } from '@enclos/elf';
import { findNeeded } from '@enclos/build/libraries';
import { EnclosError } from '@enclos/errors';

export interface LibraryFolders {
  /** Gramine's C library. It is searched first, as the enclave's loader does. */
  readonly runtime: string;
  /** For what Gramine does not bring. */
  readonly system: string;
}

export interface FoundLibrary {
  /** What the loader asks for: `libstdc++.so.6`. */
  readonly name: string;
  readonly source: string;
  /** It is of Gramine's own C library. */
  readonly ofGramine: boolean;
}

/** The loader and the libraries of glibc: they share private symbols, so those of two builds do not go together. */
const ofGlibc =
  /^(?:ld-linux-x86-64\.so\.2|lib(?:anl|c|c_malloc_debug|dl|m|mvec|nsl|pthread|resolv|rt|thread_db|util)\.so\.\d+)$/;

/**
 * The loader and every library that a program needs. Gramine takes the file name of the loader alone, and looks for it where
 * LD_LIBRARY_PATH says (LibOS, find_interp): in the same two folders in the same order, and can open nothing else.
 *
 * @throws CLI_GRAMINE_MISSING, CLI_LIBRARY_MISSING, CLI_FILE_INVALID, CLI_FILE_UNREADABLE
 */
export function findLibraries(program: string, folders: LibraryFolders): readonly FoundLibrary[] {
  return findNeeded(program, {
    // Gramine runs on no other.
    machine: EM_X86_64,
    locate: (name, neededBy) => locate(name, neededBy, folders),
    invalid: (path, reason, cause) =>
      new EnclosError('CLI_FILE_INVALID', `${path}: ${reason}`, { details: { path }, cause }),
    unreadable,
  });
}

function locate(name: string, neededBy: string, { runtime, system }: LibraryFolders): FoundLibrary {
  const inRuntime = join(runtime, name);
  if (isFile(inRuntime)) return Object.freeze({ name, source: inRuntime, ofGramine: true });
  if (ofGlibc.test(name)) {
    throw new EnclosError('CLI_GRAMINE_MISSING', `Gramine's ${name} is not at ${inRuntime}.`, {
      details: { path: inRuntime },
    });
  }
  const inSystem = join(system, name);
  if (isFile(inSystem)) return Object.freeze({ name, source: inSystem, ofGramine: false });
  throw new EnclosError('CLI_LIBRARY_MISSING', `${neededBy} needs ${name}, which is not in ${runtime} or ${system}.`, {
    details: { library: name, neededBy },
  });
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
