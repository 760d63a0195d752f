import { closeSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';

import { readElf, type ElfFacts } from '@enclos/elf';

/** How the libraries of a program are found, and the errors when they are not. */
export interface LibrarySearch<L extends { readonly source: string }> {
  /** E_MACHINE that program and libraries must have. */
  readonly machine: number;
  /** Finds a library by the name that the loader asks for; throws when there is none. */
  locate(name: string, neededBy: string): L;
  /** The error for a file that is not what it should be. */
  invalid(path: string, reason: string, cause?: unknown): Error;
  unreadable(path: string, cause: unknown): Error;
}

const maxLibraries = 256;

/**
 * The loader and every library that a program needs, directly or through another, in the order in which they are found.
 * Their names come from the files themselves (DT_NEEDED, PT_INTERP); nothing is run.
 *
 * @throws what the search makes of it.
 */
export function findNeeded<L extends { readonly source: string }>(
  program: string,
  search: LibrarySearch<L>,
): readonly L[] {
  const found = new Map<string, L>();
  const waiting = [program];
  for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
    const { loader, needed } = readElfFile(file, search);
    const names = file === program && loader !== undefined ? [basename(loader), ...needed] : needed;
    for (const name of names) {
      if (found.has(name)) continue;
      if (found.size === maxLibraries) throw search.invalid(program, `It needs more than ${maxLibraries} libraries.`);
      // The loader opens a name with a slash as a path, and searches nothing.
      if (!/^[^/\p{Cc}]+$/u.test(name) || name === '.' || name === '..') {
        throw search.invalid(file, `It needs ${JSON.stringify(name)}, which is not the name of a library.`);
      }
      const library = search.locate(name, file);
      found.set(name, library);
      waiting.push(library.source);
    }
  }
  return Object.freeze([...found.values()]);
}

/** What a file on this machine says to its loader. */
export function readElfFile(
  path: string,
  { machine, invalid, unreadable }: Omit<LibrarySearch<never>, 'locate'>,
): ElfFacts {
  const descriptor = openOr(path, unreadable);
  try {
    const facts = readElf((offset, length) => {
      const bytes = new Uint8Array(length);
      return bytes.subarray(0, readSync(descriptor, bytes, 0, length, offset));
    });
    if (facts.machine !== machine) throw invalid(path, `It is not for this machine (E_MACHINE ${machine}).`);
    return facts;
  } catch (cause) {
    throw cause instanceof RangeError ? invalid(path, cause.message, cause) : cause;
  } finally {
    closeSync(descriptor);
  }
}

function openOr(path: string, unreadable: (path: string, cause: unknown) => Error): number {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    throw unreadable(path, cause);
  }
}
