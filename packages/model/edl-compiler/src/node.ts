/** `@enclos/edl-compiler/node`: files of interfaces, read as the compiler needs them. */
import { hasCode, readBoundedFileSync, type BoundedFile } from '@enclos/durable';
import { longestFile } from './source/limits.ts';

export { longestFile };

/** What a system says of a path at which nothing can be, or nothing that is read. */
const absentCodes = ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP', 'ENXIO'];

/**
 * The bytes of a file that an interface names, for the `read` of `compileEdl`. An interface may name anything: a pipe without a writer,
 * or a file of /proc, which says that it is empty and has no end.
 *
 * @returns undefined for what is not there or is not a file; spaces, one more than the compiler takes, for what is too large, so that the
 *   compiler says so
 * @throws the error of the system for a file that is there and cannot be read
 * @example
 * ```ts
 * import { compileEdl } from '@enclos/edl-compiler';
 * import { readInterfaceFile } from '@enclos/edl-compiler/node';
 *
 * const read = (path: string) => {
 *   const bytes = readInterfaceFile(path);
 *   return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
 * };
 * console.log(compileEdl({ file: 'enclave.edl', read }).diagnostics);
 * ```
 */
export function readInterfaceFile(path: string): Uint8Array | undefined {
  let found: BoundedFile;
  try {
    found = readBoundedFileSync(path, longestFile);
  } catch (error) {
    if (absentCodes.some((code) => hasCode(error, code))) return undefined;
    throw error;
  }
  if ('bytes' in found) return found.bytes;
  // The compiler needs no more of it to refuse it.
  return found.unfit === 'is not a file' ? undefined : new Uint8Array(longestFile + 1).fill(0x20);
}
