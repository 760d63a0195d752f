import { basename } from 'node:path';
import { concatBytes, toHex } from '@enclos/codec';
import { readElf } from '@enclos/elf';
import { companionsOf, type EnclaveManifest } from '@enclos/manifest';
import type { ApplicationFile } from './application.ts';
import type { NeededLibrary } from './base/interpreter-libraries.ts';

/**
 * The libraries of the system that the native files of companions name (DT_NEEDED), but for those that are such files themselves.
 * @param files by their SHA-256 in hex
 */
export async function companionLibraries(
  files: readonly ApplicationFile[],
  manifest: EnclaveManifest,
): Promise<readonly NeededLibrary[]> {
  const declared = companionsOf(manifest).flatMap((companion) => companion.files);
  const own = new Set(declared.map(({ path }) => basename(path)));
  const needed = new Map<string, NeededLibrary>();
  for (const { path, content } of files) {
    const neededBy = declared.find(({ sha256 }) => toHex(sha256) === path)?.path ?? path;
    const pieces: Uint8Array[] = [];
    for await (const piece of content.open()) pieces.push(piece);
    for (const name of namesIn(concatBytes(...pieces))) if (!own.has(name)) needed.set(name, { name, neededBy });
  }
  return [...needed.values()];
}

/** A file that is not native, such as WebAssembly, names nothing. */
function namesIn(bytes: Uint8Array): readonly string[] {
  try {
    return readElf((offset, length) => bytes.subarray(offset, offset + length)).needed;
  } catch (error) {
    if (error instanceof RangeError) return [];
    throw error;
  }
}
