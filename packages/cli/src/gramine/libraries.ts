import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { EM_X86_64, readElf, type ElfFacts } from '@enclos/build/elf';
import { EnclosError } from '@enclos/errors';
import { unreadable } from '../files.ts';

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

const maxLibraries = 256;

/** The loader and the libraries of glibc: they share private symbols, so those of two builds do not go together. */
const ofGlibc =
  /^(?:ld-linux-x86-64\.so\.2|lib(?:anl|c|c_malloc_debug|dl|m|mvec|nsl|pthread|resolv|rt|thread_db|util)\.so\.\d+)$/;

/**
 * The loader and every library that a program needs, directly or through another, in the order in which they are found.
 * Their names come from the files themselves (DT_NEEDED, PT_INTERP); nothing is run. Inside, the loader looks where
 * LD_LIBRARY_PATH says, in the same two folders in the same order, and can open nothing else.
 *
 * @throws CLI_GRAMINE_MISSING, CLI_LIBRARY_MISSING, CLI_FILE_INVALID, CLI_FILE_UNREADABLE
 */
export function findLibraries(program: string, folders: LibraryFolders): readonly FoundLibrary[] {
  const found = new Map<string, FoundLibrary>();
  const waiting = [program];
  for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
    const { loader, needed } = factsOf(file);
    // Gramine takes the file name alone, and looks for it where LD_LIBRARY_PATH says (LibOS, find_interp).
    const names = file === program && loader !== undefined ? [basename(loader), ...needed] : needed;
    for (const name of names) {
      if (found.has(name)) continue;
      if (found.size === maxLibraries) throw invalid(program, `It needs more than ${maxLibraries} libraries.`);
      const library = locate(name, file, folders);
      found.set(name, library);
      waiting.push(library.source);
    }
  }
  return Object.freeze([...found.values()]);
}

function locate(name: string, neededBy: string, { runtime, system }: LibraryFolders): FoundLibrary {
  // The loader opens a name with a slash as a path, and searches nothing.
  if (!/^[^/\p{Cc}]+$/u.test(name) || name === '.' || name === '..') {
    throw invalid(neededBy, `It needs ${JSON.stringify(name)}, which is not the name of a library.`);
  }
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

function factsOf(path: string): ElfFacts {
  const descriptor = open(path);
  try {
    const facts = readElf((offset, length) => {
      const bytes = new Uint8Array(length);
      return bytes.subarray(0, readSync(descriptor, bytes, 0, length, offset));
    });
    if (facts.machine !== EM_X86_64) throw invalid(path, 'It is not for x86-64, which Gramine runs on.');
    return facts;
  } catch (cause) {
    throw cause instanceof RangeError ? invalid(path, cause.message, cause) : cause;
  } finally {
    closeSync(descriptor);
  }
}

function open(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function invalid(path: string, reason: string, cause?: unknown): EnclosError {
  return new EnclosError('CLI_FILE_INVALID', `${path}: ${reason}`, { details: { path }, cause });
}
