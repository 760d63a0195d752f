import { lstat } from 'node:fs/promises';
import { EnclosError } from '@enclos/errors';
import { isArchiveOfLayout, unpackArchive } from './oci/archive.ts';
import { openLayout } from './oci/layout.ts';
import type { ImageSource } from './oci/source.ts';

/**
 * Opens an OCI layout, a folder or an archive of one, for as long as it is used.
 * @throws OCI_LAYOUT_INVALID, OCI_LAYER_INVALID, OCI_TOO_LARGE, and what `use` throws.
 */
export async function withImageSource<T>(path: string, use: (source: ImageSource) => Promise<T>): Promise<T> {
  const found = await lstat(path).catch((cause: unknown) => {
    throw new EnclosError('OCI_LAYOUT_INVALID', `There is nothing at ${path}.`, { details: { path }, cause });
  });
  if (found.isDirectory()) return use(await openLayout(path));
  if (!(await isArchiveOfLayout(path))) {
    throw new EnclosError('OCI_LAYOUT_INVALID', `${path} is not an OCI layout.`, { details: { path } });
  }
  return unpackArchive(path, async (folder) => use(await openLayout(folder)));
}
