import { lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { userCacheFolder } from '@enclos/durable';
import { EnclosError } from '@enclos/errors';

/** Where a user's collateral is kept unless told (XDG base directory specification). */
export function collateralCacheFolder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  return join(userCacheFolder(env), 'collateral');
}

/**
 * Makes the folder when it is not there. Another user that can write in it could
 * make us use old collateral without asking the source.
 * @throws ENDORSEMENTS_CACHE_REFUSED
 */
export async function requireCacheFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const { uid, mode, isFolder } = await look(folder);
    if (!isFolder) refuse(folder, 'it is not a folder');
    if (uid !== process.getuid?.()) refuse(folder, `it belongs to user ${uid}`);
    if ((mode & 0o022) !== 0) refuse(folder, 'other users can write in it');
  } catch (cause) {
    if (cause instanceof EnclosError) throw cause;
    refuse(folder, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

async function look(folder: string): Promise<{ uid: number; mode: number; isFolder: boolean }> {
  const found = await lstat(folder);
  return { uid: found.uid, mode: found.mode, isFolder: found.isDirectory() };
}

function refuse(folder: string, why: string, cause?: unknown): never {
  throw new EnclosError('ENDORSEMENTS_CACHE_REFUSED', `${folder}: ${why}.`, { details: { folder }, cause });
}
