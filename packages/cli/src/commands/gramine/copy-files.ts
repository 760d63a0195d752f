import { join } from 'node:path';
import { durable } from '@enclos/durable';
import { EnclosError } from '@enclos/errors';
import { hashFile } from '../../files/hash.ts';
import type { GramineFile } from './plan.ts';

/**
 * Copies what the manifest names in the output folder. Each copy is hashed, and appears under its name whole or not at all.
 * @throws CLI_FILE_INVALID when a file has changed since the manifest was made.
 */
export async function copyFiles(files: readonly GramineFile[], folder: string): Promise<void> {
  for (const file of files) if (file.copy !== undefined) await copyOne(file, join(folder, file.copy));
}

async function copyOne({ source, sha256, role }: GramineFile, to: string): Promise<void> {
  await durable.copy(source, to, {
    mode: role === 'interpreter' ? 0o755 : 0o644,
    folderMode: 0o777,
    check: async (copy) => {
      if ((await hashFile(copy)) === sha256) return;
      throw new EnclosError('CLI_FILE_INVALID', `${source} changed while it was copied.`, {
        details: { path: source },
      });
    },
  });
}
