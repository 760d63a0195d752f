import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { unreadable } from '@enclos/cli-frame/files';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { generateKey, writeKeyFile } from '@enclos/build';
import { developmentKeyFile, signingKeyFile } from './sealing/key-files.ts';

export interface ProjectKey {
  readonly path: string;
  readonly pem: Uint8Array;
  /** The key is new, because the project had none. */
  readonly isNew: boolean;
}

/** The development key of a project, which signs its debug enclaves. */
export async function developmentKey(folder: string): Promise<ProjectKey> {
  const path = join(folder, developmentKeyFile);
  const pem = await readOptional(path);
  return pem === undefined ? makeKey(path) : { path, pem, isNew: false };
}

/**
 * The key that signs a project on the developer's own machine: the given file,
 * else signing.key.pem of the project, else a development key in .enclos, which
 * is made when absent and stays, so that sealed data stays readable.
 */
export async function projectKey(folder: string, given: string | undefined): Promise<ProjectKey> {
  const path = given ?? join(folder, signingKeyFile);
  const pem = await readOptional(path);
  if (pem !== undefined) return { path, pem, isNew: false };
  if (given === undefined) return developmentKey(folder);
  throw new EnclosError('CLI_FILE_UNREADABLE', `There is no key ${path}.`, { details: { path } });
}

async function makeKey(development: string): Promise<ProjectKey> {
  await mkdir(dirname(development), { recursive: true });
  try {
    await writeKeyFile(development, generateKey());
  } catch (error) {
    // Another run made a key first. Both must use that one.
    if (!isEnclosError(error, 'BUILD_FILE_EXISTS')) throw error;
  }
  return { path: development, pem: new Uint8Array(await readFile(development)), isNew: true };
}

async function readOptional(path: string): Promise<Uint8Array | undefined> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw unreadable(path, error);
  }
}
