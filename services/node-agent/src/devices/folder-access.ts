import { chmod, lstat, mkdir } from 'node:fs/promises';
import { EnclosError } from '@enclos/errors';

/** Makes a folder for a pod that it is mounted into, whatever the pod's user and the mask of this process. */
export async function makePassable(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755);
}

/** Makes a folder that only root can pass through, when it is absent. @throws AGENT_FOLDER_REFUSED */
export async function makePrivate(root: string): Promise<void> {
  await mkdir(root, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    throw new EnclosError('AGENT_FOLDER_REFUSED', `${root} cannot be made.`, { cause });
  });
  await requirePrivate(root);
}

/** @throws AGENT_FOLDER_REFUSED when a folder is gone, or another user than root could pass through it. */
export async function requirePrivate(root: string): Promise<void> {
  const found = await lstat(root).catch(() => undefined);
  if (found === undefined || !found.isDirectory()) throw refused(`${root} is not a folder.`);
  if (found.uid !== process.getuid?.()) throw refused(`${root} belongs to user ${found.uid}.`);
  if ((found.mode & 0o077) !== 0) throw refused(`Others than its owner can reach ${root} (chmod 700).`);
}

function refused(reason: string): EnclosError {
  return new EnclosError('AGENT_FOLDER_REFUSED', reason);
}
