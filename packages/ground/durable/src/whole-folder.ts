import { randomBytes } from 'node:crypto';
import { basename, dirname, join, resolve } from 'node:path';
import type { FileSystem } from './file-system.ts';
import { naming } from './named-error.ts';
import { makeFolder, syncFolder } from './sync-folder.ts';

/** Files of a folder, by relative path: `a/b` makes the folder `a` too, and `a/` makes an empty one. */
export type FolderContent = Readonly<Record<string, string | Uint8Array>>;

/** Folders are for their owner only, and so are the files in them. */
const folderMode = 0o700;
const fileMode = 0o600;

/** @see Durable.addFolder */
export async function addFolder(
  files: FileSystem,
  folder: string,
  content: () => Promise<FolderContent>,
): Promise<boolean> {
  const target = resolve(folder);
  const isMade = !(await exists(files, target)) && (await make(files, target, content));
  await removeUnfinished(files, target);
  return isMade;
}

async function make(files: FileSystem, target: string, content: () => Promise<FolderContent>): Promise<boolean> {
  const parent = dirname(target);
  const making = join(parent, `${makingPrefix(target)}${randomBytes(8).toString('hex')}`);
  let isMade = true;
  try {
    await naming(target, async () => {
      await makeFolder(files, parent, folderMode);
      await files.makeFolder(making, folderMode);
    });
    // An error of the caller's is not about this folder.
    const whole = await content();
    await naming(target, async () => {
      await fill(files, making, whole);
      await files.rename(making, target);
    });
  } catch (error) {
    await files.removeFolder(making).catch(() => undefined);
    // Whatever the error was, a folder at that path is whole.
    if (!(await exists(files, target))) throw error;
    isMade = false;
  }
  await naming(target, () => syncFolder(files, parent));
  return isMade;
}

/** Each file is synced, then each folder with its names: those below before those above. */
async function fill(files: FileSystem, folder: string, content: FolderContent): Promise<void> {
  const folders = new Set([folder]);
  for (const [name, data] of Object.entries(content)) {
    const path = join(folder, name);
    const parent = name.endsWith('/') ? join(folder, name.slice(0, -1)) : dirname(path);
    await files.makeFolder(parent, folderMode);
    for (let above = parent; above !== folder; above = dirname(above)) folders.add(above);
    if (!name.endsWith('/')) await writeSynced(files, path, data);
  }
  for (const made of [...folders].sort((a, b) => b.length - a.length)) await syncFolder(files, made);
}

async function writeSynced(files: FileSystem, path: string, data: string | Uint8Array): Promise<void> {
  const file = await files.open(path, 'wx', fileMode);
  try {
    await file.writeFile(data);
    await file.sync();
  } finally {
    await file.close();
  }
}

function makingPrefix(target: string): string {
  return `.${basename(target)}.making-`;
}

/** Once the folder exists, a process that is still making it is too late, and takes the existing one. */
async function removeUnfinished(files: FileSystem, target: string): Promise<void> {
  const parent = dirname(target);
  for (const name of await files.list(parent).catch(() => [])) {
    if (name.startsWith(makingPrefix(target))) await files.removeFolder(join(parent, name)).catch(() => undefined);
  }
}

async function exists(files: FileSystem, path: string): Promise<boolean> {
  return (await files.stat(path).catch(() => undefined)) !== undefined;
}
