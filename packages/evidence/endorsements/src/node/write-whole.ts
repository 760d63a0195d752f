import { randomBytes } from 'node:crypto';
import { lstat, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const abandonedAfterMs = 3_600_000;
const temporaryPattern = /^\.new-[0-9a-f]{16}$/;

/** Writes a private file that has its old content or its new one, also after a crash or a loss of power. */
export async function writeWhole(path: string, content: string): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.new-${randomBytes(8).toString('hex')}`);
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(content);
      await handle.sync();
      await dropAbandoned(folder, (await handle.stat()).mtimeMs);
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  // A synced file with an unsynced name is lost with the power.
  const names = await open(folder, 'r');
  try {
    await names.sync();
  } finally {
    await names.close();
  }
}

/** Removes what killed processes left. The file system, which made a file a moment ago, says how old they are. */
async function dropAbandoned(folder: string, nowMs: number): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!temporaryPattern.test(name)) continue;
    const found = await lstat(join(folder, name)).catch(() => undefined);
    if (found !== undefined && nowMs - found.mtimeMs > abandonedAfterMs) await rm(join(folder, name), { force: true });
  }
}
