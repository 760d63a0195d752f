import { dirname, resolve } from 'node:path';
import { hasCode, type FileSystem } from './file-system.ts';
import { naming } from './named-error.ts';

/** Makes the names in a folder durable: a synced file with an unsynced name is lost when the power fails (fsync(2)). */
export function syncFolder(files: FileSystem, path: string): Promise<void> {
  return naming(path, async () => {
    const folder = await files.open(path, 'r');
    try {
      await folder.sync();
    } catch (error) {
      // Some file systems, such as those shared with a virtual machine, have no such call for a folder (fsync(2), EINVAL).
      if (!hasCode(error, 'EINVAL') && !hasCode(error, 'ENOTSUP')) throw error;
    } finally {
      await folder.close();
    }
  });
}

/** Makes a folder and those above it, and syncs the name of each new one in the folder that holds it. */
export async function makeFolder(files: FileSystem, path: string, mode: number): Promise<void> {
  const whole = resolve(path);
  const topmost = await naming(whole, () => files.makeFolder(whole, mode));
  if (topmost === undefined) return;
  for (let made = whole; made.length >= topmost.length; made = dirname(made)) await syncFolder(files, dirname(made));
}
