import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { loadProject, type SigningAttributes } from '@enclos/build';
import { egoImage } from '@enclos/cli-ego';
import { unreadable } from '@enclos/cli-frame/files';
import { EnclosError } from '@enclos/errors';

/** Where the image of an enclave is. */
export interface ImageLocation {
  readonly image: string;
  /** From enclave.json. Undefined for an image by itself. */
  readonly attributes: SigningAttributes | undefined;
}

/** Where a project has its image: that in which all connections are relayed has another identity, and another place. */
export function variantFolder(folder: string, { relayed }: ImageVariant): string {
  return join(folder, '.enclos', ...(relayed === true ? ['relayed'] : []));
}

export interface ImageVariant {
  /** The image that `enclos build --relayed` made. */
  readonly relayed?: boolean | undefined;
}

/**
 * Finds the image that a command line names: the folder of a project, that of a program for EGo, or the image itself.
 * @throws CLI_FILE_UNREADABLE, CLI_USAGE for a variant that there is not, and what `loadProject` of @enclos/build and `egoImage` throw
 */
export async function findImage(target: string, variant: ImageVariant = {}): Promise<ImageLocation> {
  const found = await stat(target).catch((cause: unknown) => {
    throw unreadable(target, cause);
  });
  if (!found.isDirectory()) {
    if (variant.relayed === true) throw new EnclosError('CLI_USAGE', '--relayed goes with the folder of a project.');
    return { image: target, attributes: undefined };
  }
  const ego = await egoImage(target);
  if (ego !== undefined) {
    if (variant.relayed !== true) return { image: ego, attributes: undefined };
    throw new EnclosError('CLI_USAGE', '--relayed is for projects of Enclos: `enclos ego sign` makes one image.');
  }
  const { folder, name, attributes } = await loadProject(target);
  return { image: join(variantFolder(folder, variant), `${name}.sgxs`), attributes };
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
