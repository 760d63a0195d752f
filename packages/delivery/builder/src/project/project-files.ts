import { readFile, realpath } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';

import { unreadableReason } from '@enclos/diagnostics';
import { EnclosError, isEnclosError } from '@enclos/errors';

import { BuildError } from '../diagnostic.ts';

/** The part of `node:fs/promises` that reading a project needs. */
export interface ProjectFiles {
  readFile(path: string): Promise<Uint8Array>;
}

/**
 * The real path of a file that the manifest names. It must lie inside the
 * project folder, also after symbolic links are followed: files outside differ from
 * machine to machine, and an image must not take in a file that cannot be seen in
 * the project.
 *
 * @throws BuildError BUILD_MANIFEST_INVALID for a file outside, BUILD_FILE_UNREADABLE for none at all.
 */
export async function locateProjectFile(folder: string, path: string): Promise<string> {
  let root: string;
  let file: string;
  try {
    [root, file] = await Promise.all([realpath(folder), realpath(join(folder, path))]);
  } catch (cause) {
    throw unreadable(path, cause);
  }
  if (file.startsWith(root.endsWith(sep) ? root : root + sep)) return file;
  const message = `${path} lies outside the project folder. Copy it into the project; links that lead out are not followed.`;
  throw new BuildError('BUILD_MANIFEST_INVALID', message, [], { details: { path } });
}

/**
 * As {@link locateProjectFile}, but a file below `node_modules` may be where npm installed its package: there, or in a folder above, as
 * Node looks for packages. Its digest is measured, whatever its place.
 */
export async function locateInstalledFile(folder: string, path: string): Promise<string> {
  if (!path.startsWith('node_modules/')) return locateProjectFile(folder, path);
  for (let at = resolve(folder); ; at = dirname(at)) {
    try {
      return await realpath(join(at, path));
    } catch (cause) {
      if (!isMissing(cause) || at === dirname(at)) throw unreadable(path, cause);
    }
  }
}

/** @throws BUILD_FILE_UNREADABLE naming the file as the project names it; what {@link locateProjectFile} throws. */
export async function readProjectFile(folder: string, path: string): Promise<Uint8Array> {
  const file = await locateProjectFile(folder, path);
  try {
    // A plain array, not a Buffer, whose slice() shares memory where an array's copies.
    return new Uint8Array(await readFile(file));
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

export function unreadable(path: string, cause: unknown): EnclosError {
  const message = `Cannot read ${path} of the project: ${unreadableReason(cause)}.`;
  return new EnclosError('BUILD_FILE_UNREADABLE', message, { details: { path }, cause });
}

function isMissing(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
}

/** A source that enclave.json names: by a member, or by `name` alone. */
export interface NamedSource {
  readonly path: string;
  readonly member: 'main' | 'interface';
  /** What `name` alone stands for. */
  readonly byName: string;
}

/** Refuses a source that cannot be read, and says which member of enclave.json names it when it is missing. @throws what {@link readProjectFile} throws */
export async function checkNamedSource(folder: string, { path, member, byName }: NamedSource): Promise<void> {
  try {
    await readProjectFile(folder, path);
  } catch (error) {
    if (!isEnclosError(error, 'BUILD_FILE_UNREADABLE') || !isMissing(error.cause)) throw error;
    const why =
      path === byName
        ? `"name" of enclave.json stands for it, as there is no "${member}". Write it, or name another file: "${member}": "src/app.ts"`
        : `"${member}" of enclave.json names it`;
    const message = `There is no ${path} in ${folder}: ${why}.`;
    throw new EnclosError('BUILD_FILE_UNREADABLE', message, { details: { path }, cause: error.cause });
  }
}
