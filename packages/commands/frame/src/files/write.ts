import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EnclosError } from '@enclos/errors';

/**
 * Requires the folder of a new file. Call it before the work that makes the content.
 * @throws CLI_SYSTEM_REFUSED naming the folder
 */
export async function requireFolderOf(path: string): Promise<void> {
  const folder = dirname(path);
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory() === true) return;
  const reason = found === undefined ? `there is no folder ${folder}` : `${folder} is not a folder`;
  throw new EnclosError('CLI_SYSTEM_REFUSED', `Cannot write ${path}: ${reason}.`, { details: { path } });
}
