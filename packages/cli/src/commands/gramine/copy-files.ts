import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
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
  await mkdir(dirname(to), { recursive: true });
  const temporary = join(dirname(to), `.${basename(to)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    // Where the file system can, both share their blocks until one is changed.
    await copyFile(source, temporary, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    await chmod(temporary, role === 'interpreter' ? 0o755 : 0o644);
    if ((await hashFile(temporary)) !== sha256) {
      throw new EnclosError('CLI_FILE_INVALID', `${source} has changed while it was copied.`, {
        details: { path: source },
      });
    }
    await rename(temporary, to);
  } finally {
    await rm(temporary, { force: true });
  }
}
