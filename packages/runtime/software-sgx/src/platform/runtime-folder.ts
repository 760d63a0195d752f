import { chmod, lstat, mkdtemp, readdir, rmdir, unlink } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { temporaryPrefix } from '@enclos/durable';
import { socketStateAt } from '@enclos/tee/unix-socket';
import { storageFailed } from '@enclos/tee/storage';
import { listenPrivately } from './listen-privately.ts';

/** The folder for the sockets of one platform process. No other user can write in it. */
export interface RuntimeFolder {
  readonly path: string;
  remove(): Promise<void>;
}

const prefix = 'enclos-run-';
/** The process listens on this socket as long as it lives; any kind of death ends that. */
const lifeSocket = 'life.sock';
const ours =
  /^(?:(?:life|platform)\.sock|(?:enclave|outer|private)\.bpf|enclos-(?:start|step|step-passing|step-private|relay)|users|[gp]-[0-9a-f]{16})$/;
/** Also a start file that a killed platform did not finish. */
const isOurs = (name: string): boolean => ours.test(name) || name.startsWith(temporaryPrefix);

export interface RuntimeFolderOptions {
  /** Whether other users may pass through to a socket whose name they know. */
  readonly passable?: boolean;
}

/** Another platform may mistake a folder that is still empty for an abandoned one. This hardly ever happens twice. */
const maxTries = 10;

/** Makes the folder, and removes those of platforms that were killed. @throws PLATFORM_STORAGE_FAILED */
export async function createRuntimeFolder(
  parent: string = tmpdir(),
  { passable = false }: RuntimeFolderOptions = {},
): Promise<RuntimeFolder> {
  await removeStaleFolders(parent);
  const { path, life } = await makeFolder(parent, passable ? 0o711 : 0o700);
  return Object.freeze({
    path,
    async remove() {
      await removeOthers(path);
      // Unlinks the life socket too. Not earlier: a death in between would leave a folder that no platform may remove.
      await new Promise<void>((resolve) => life.close(() => resolve()));
      await rmdir(path).catch(ignore);
    },
  });
}

async function makeFolder(
  parent: string,
  mode: number,
  tries = maxTries,
): Promise<{ readonly path: string; readonly life: Server }> {
  const path = await mkdtemp(join(parent, prefix)).catch((error: unknown) => {
    throw storageFailed(parent, error);
  });
  try {
    await chmod(path, mode);
    return { path, life: await listenForLife(join(path, lifeSocket)) };
  } catch (error) {
    await rmdir(path).catch(ignore);
    if (isMissing(error) && tries > 1) return makeFolder(parent, mode, tries - 1);
    throw storageFailed(path, error);
  }
}

/** Whether the folder was removed before the socket was in it. */
function isMissing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ('code' in error && error.code === 'ENOENT') || isMissing(error.cause);
}

async function listenForLife(path: string): Promise<Server> {
  const life = createServer((socket) => socket.destroy());
  await listenPrivately(life, path);
  life.on('error', ignore);
  return life.unref();
}

/**
 * Removes the folders of platforms that died. A process id in the name would not do: containers may share folders, each with
 * its own numbers, and numbers are reused. A socket that refuses connections is proof that its process is gone. An empty folder
 * belongs to a process that died before it made its socket; rmdir removes only empty folders. A process that is merely slow
 * makes another folder.
 */
export async function removeStaleFolders(parent: string): Promise<void> {
  for (const path of await runtimeFolders(parent)) {
    if ((await socketStateAt(join(path, lifeSocket))) === 'refuses') await removeFolder(path);
    else await rmdir(path).catch(ignore);
  }
}

/** The folders of this user's platforms. */
export async function runtimeFolders(parent: string): Promise<readonly string[]> {
  const names = await readdir(parent).catch(() => []);
  const paths = names.filter((name) => name.startsWith(prefix)).map((name) => join(parent, name));
  const own = await Promise.all(paths.map(isOwnFolder));
  return paths.filter((_path, i) => own[i]);
}

/** Whether the path is a folder of this user, and not a link. */
async function isOwnFolder(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  return found !== undefined && found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o22) === 0;
}

/** Removes what a platform puts there and nothing else, the life socket last, so that a half-removed folder is found again. */
async function removeFolder(path: string): Promise<void> {
  await removeOthers(path);
  await unlink(join(path, lifeSocket)).catch(ignore);
  await rmdir(path).catch(ignore);
}

async function removeOthers(path: string): Promise<void> {
  const names = (await readdir(path).catch(() => [])).filter((name) => isOurs(name) && name !== lifeSocket);
  for (const name of names) await unlink(join(path, name)).catch(ignore);
}

/** Another platform may be removing the same folder, and a folder that stays does no harm. */
function ignore(): void {
  return undefined;
}
