import { join } from 'node:path';
import { durable } from '@enclos/durable';
import type { ManifestFile } from './files.ts';

/** Writes the files into a folder, which is made when it is missing. A file with a private key is its owner's alone. */
export async function writeManifestFiles(folder: string, files: readonly ManifestFile[]): Promise<void> {
  for (const { name, text, isSecret } of files) {
    await durable.replace(join(folder, name), text, { mode: isSecret ? 0o600 : 0o644, folderMode: 0o777 });
  }
}
