import { dirname, join } from 'node:path';
import { EGO_CONFIG_FILE, egoExecutable } from '../config/config.ts';
import { enclaveName } from './manifest.ts';

/** Where signing writes the image of an executable; the signature is beside it. */
export function imagePlace(config: { readonly path: string; readonly exe: string }): string {
  return join(dirname(config.path), '.enclos', `${enclaveName(config.exe)}.sgxs`);
}

/**
 * Where `enclos ego sign` writes the image of a folder with a configuration of EGo; undefined for every other folder.
 * @throws what `egoExecutable` throws
 */
export async function egoImage(folder: string): Promise<string | undefined> {
  const exe = await egoExecutable(folder);
  return exe === undefined ? undefined : imagePlace({ path: join(folder, EGO_CONFIG_FILE), exe });
}
