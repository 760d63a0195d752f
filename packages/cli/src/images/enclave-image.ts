import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { loadProject, type SigningAttributes } from '@enclos/build';
import { EnclosError } from '@enclos/errors';
import { unreadable } from '../files/read.ts';

/** Where the image of an enclave is. */
export interface ImageLocation {
  readonly image: string;
  /** From enclave.json. Undefined for an image by itself. */
  readonly attributes: SigningAttributes | undefined;
}

/**
 * Finds the image that a command line names: a project folder or the image itself.
 * @throws CLI_FILE_UNREADABLE, and what `loadProject` of @enclos/build throws
 */
export async function findImage(target: string): Promise<ImageLocation> {
  const found = await stat(target).catch((cause: unknown) => {
    throw unreadable(target, cause);
  });
  if (!found.isDirectory()) return { image: target, attributes: undefined };
  const { folder, name, attributes } = await loadProject(target);
  return { image: join(folder, '.enclos', `${name}.sgxs`), attributes };
}

/** @throws CLI_NOT_BUILT, CLI_FILE_UNREADABLE */
export async function readImageFile(path: string): Promise<Uint8Array> {
  return new Uint8Array(
    await readFile(path).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'ENOENT') throw unreadable(path, cause);
      throw new EnclosError('CLI_NOT_BUILT', `There is no image ${path}.`, { details: { path }, cause });
    }),
  );
}

/** The path without `.sgxs`: signature, report and source map stand beside the image under the same name. */
export function stemOf(image: string): string {
  return image.replace(/\.sgxs$/, '');
}
