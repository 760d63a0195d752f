import { realpathSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { EM_AARCH64, EM_X86_64 } from '@enclos/elf';
import { findNeeded, readElfFile } from '@enclos/build/libraries';
import { EnclosError } from '@enclos/errors';
import { architectures, type Architecture } from './base.ts';

export interface InterpreterLibrary {
  /** Where it is on this machine. */
  readonly source: string;
  /** Where it will be in the image, absolute. */
  readonly path: string;
}

const machines: Readonly<Record<Architecture, number>> = { amd64: EM_X86_64, arm64: EM_AARCH64 };

/** A library that something else than the interpreter needs. */
export interface NeededLibrary {
  /** As the loader asks for it. */
  readonly name: string;
  readonly neededBy: string;
}

export interface LibrariesOptions {
  readonly architecture: Architecture;
  /** Where the libraries are on this machine. Default: where Debian has them. */
  readonly folder?: string | undefined;
  /** What is needed beside. */
  readonly more?: readonly NeededLibrary[] | undefined;
}

/**
 * The loader and the libraries that an interpreter needs, and what else is asked for with the libraries that it needs; no others. In the image the loader
 * is where the interpreter names it, and the libraries where Debian's loader looks for them without a cache, wherever they are here.
 *
 * @throws OCI_LIBRARY_MISSING, OCI_BASE_UNUSABLE
 */
export function interpreterLibraries(
  interpreter: string,
  { architecture, folder = architectures[architecture].libraryFolder, more = [] }: LibrariesOptions,
): readonly InterpreterLibrary[] {
  const invalid = (path: string, reason: string, cause?: unknown): EnclosError =>
    new EnclosError('OCI_BASE_UNUSABLE', `${path}: ${reason}`, { details: { path }, cause });
  const elf = {
    machine: machines[architecture],
    invalid,
    unreadable: (path: string, cause: unknown) => invalid(path, 'It cannot be read.', cause),
  };
  const { loader } = readElfFile(interpreter, elf);
  if (loader === undefined) throw invalid(interpreter, 'It names no loader.');
  const locate = (name: string, neededBy: string): InterpreterLibrary => {
    const path = name === basename(loader) ? loader : join(architectures[architecture].libraryFolder, name);
    const inFolder = join(folder, name);
    // The loader goes with the library of C, so where both are in one folder it is taken from there.
    const here = name === basename(loader) && !isFile(inFolder) ? loader : inFolder;
    if (!isFile(here)) {
      throw new EnclosError('OCI_LIBRARY_MISSING', `${neededBy} needs ${name}, which is not at ${here}.`, {
        details: { library: name, neededBy },
      });
    }
    return Object.freeze({ source: realpathSync(here), path });
  };
  const search = { ...elf, locate };
  const found = new Map(findNeeded(interpreter, search).map((library) => [library.path, library]));
  for (const { name, neededBy } of more) {
    const library = locate(name, neededBy);
    if (found.has(library.path)) continue;
    for (const one of [library, ...findNeeded(library.source, search)]) found.set(one.path, one);
  }
  return Object.freeze([...found.values()]);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
