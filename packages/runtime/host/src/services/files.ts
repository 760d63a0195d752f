import { access, constants, open, readdir, realpath, rm, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { temporaryPrefix } from '@enclos/durable';
import type { Handlers, systemInterface } from '@enclos/edl';
import { systemReason } from '@enclos/diagnostics';
import { EnclosError } from '@enclos/errors';
import { isCleanPath, type EnclaveManifest } from '@enclos/manifest';
import { createWrites, storageError } from './writes.ts';

export interface HostFolders {
  /** Folder of this machine for each `host` mount of the manifest, by target. */
  readonly mounts: Readonly<Record<string, string>>;
  /** File of this machine for each trusted file of the manifest, by path. */
  readonly trustedFiles: Readonly<Record<string, string>>;
}

type Mount = EnclaveManifest['mounts'][number];
type UntrustedFunctions = (typeof systemInterface)['untrusted'];
type FileFunctions = Pick<UntrustedFunctions, Extract<keyof UntrustedFunctions, 'readTrustedFile' | `mount${string}`>>;

export interface FileService {
  readonly handlers: Handlers<FileFunctions, unknown>;
  /** Removes the files of interrupted writes. */
  close(): Promise<void>;
}

/**
 * Serves the enclave's files. The enclave is no more trusted than any other
 * caller here: it reaches the declared folders and files and nothing else.
 */
export function createFileService(manifest: EnclaveManifest, folders: HostFolders): FileService {
  const mounts = new Map(
    manifest.mounts.filter((mount) => mount.kind === 'host').map((mount) => [mount.target, mount]),
  );
  for (const target of mounts.keys()) requireEntry(folders.mounts, target, 'folder');
  for (const { path } of manifest.trustedFiles) requireEntry(folders.trustedFiles, path, 'file');
  const writes = createWrites();
  const locate = (target: string, path: string): Promise<string> =>
    locateIn(mountOf(mounts, target), { folders, path });
  /**
   * The mount itself is not a file: a write or removal next to it would be outside. An unfinished write is not a file either.
   */
  const locateFile = async (target: string, path: string): Promise<string> => {
    const isPending = path.slice(path.lastIndexOf('/') + 1).startsWith(temporaryPrefix);
    if (path === '.' || isPending) throw new EnclosError('HOST_MOUNT_REFUSED', 'Not a clean relative path.');
    return locate(target, path);
  };

  const handlers: Handlers<FileFunctions, unknown> = {
    readTrustedFile: ({ path, offset, maxBytes }) =>
      readPiece(requireEntry(folders.trustedFiles, path, 'file'), { offset, maxBytes }),
    async mountStat({ target, path }) {
      const found = await stat(await locate(target, path)).catch(absent);
      if (found === undefined) return undefined;
      return { kind: kindOf(found), sizeBytes: BigInt(found.size) };
    },
    mountRead: async ({ target, path, offset, maxBytes }) =>
      readPiece(await locateFile(target, path), { offset, maxBytes }),
    async mountList({ target, path }) {
      const entries = await readdir(await locate(target, path), { withFileTypes: true }).catch(absent);
      return (entries ?? [])
        .filter((entry) => !entry.name.startsWith(temporaryPrefix))
        .map((entry) => ({ name: entry.name, kind: kindOf(entry) }));
    },
    async mountWrite({ target, path, write, content, last }) {
      const mount = mountOf(mounts, target);
      requireWritable(mount);
      await writes.write({
        key: `${target}\0${path}\0${write}`,
        content,
        isLast: last === 'yes',
        maxBytes: mount.maxBytes,
        locate: () => locateFile(target, path),
      });
    },
    async mountRemove({ target, path }) {
      requireWritable(mountOf(mounts, target));
      const file = await locateFile(target, path);
      await rm(file, { force: true }).catch((error: unknown) => {
        throw storageError(error);
      });
    },
  };

  return Object.freeze({ handlers, close: () => writes.close() });
}

/**
 * Finds the folders that are not there, or that this user may not use, before an enclave asks for them: it would only learn that
 * the host failed.
 * @throws HOST_MOUNT_REFUSED
 */
export async function requireFolders(manifest: EnclaveManifest, { mounts }: HostFolders): Promise<void> {
  for (const { kind, target, readOnly } of manifest.mounts) {
    if (kind === 'host') await requireFolder(requireEntry(mounts, target, 'folder'), target, readOnly);
  }
}

async function requireFolder(path: string, target: string, readOnly: boolean): Promise<void> {
  const refuse = (why: string, cause?: unknown): never => {
    const message = `The folder ${path} for the mount ${target} cannot be used: ${why}.`;
    throw new EnclosError('HOST_MOUNT_REFUSED', message, { details: { path, target }, cause });
  };
  let isFolder = false;
  try {
    isFolder = (await stat(path)).isDirectory();
    if (isFolder) await access(path, constants.R_OK | constants.X_OK | (readOnly ? 0 : constants.W_OK));
  } catch (cause) {
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    refuse(isMissing ? 'there is no such folder' : (systemReason(cause) ?? 'the system refuses it'), cause);
  }
  if (!isFolder) refuse('it is not a folder');
}

function requireEntry(entries: Readonly<Record<string, string>>, name: string, kind: string): string {
  const entry = Object.hasOwn(entries, name) ? entries[name] : undefined;
  if (entry === undefined) {
    throw new EnclosError(
      'HOST_MOUNT_REFUSED',
      `The manifest declares ${name}, but the host was given no ${kind} for it.`,
    );
  }
  return entry;
}

function mountOf(mounts: ReadonlyMap<string, Mount>, target: string): Mount {
  const mount = mounts.get(target);
  if (mount === undefined) throw new EnclosError('HOST_MOUNT_REFUSED', 'The manifest declares no such mount.');
  return mount;
}

function requireWritable(mount: Mount): void {
  if (mount.readOnly) throw new EnclosError('HOST_MOUNT_REFUSED', 'The mount is read-only.');
}

/**
 * The file below the mount's folder. Only clean paths are accepted, and the folder of the file must still be inside the mount
 * after links are followed.
 */
async function locateIn(mount: Mount, where: { folders: HostFolders; path: string }): Promise<string> {
  const root = await realpath(requireEntry(where.folders.mounts, mount.target, 'folder'));
  if (where.path === '.') return root;
  if (!isCleanPath(`/${where.path}`)) throw new EnclosError('HOST_MOUNT_REFUSED', 'Not a clean relative path.');
  const file = join(root, where.path);
  const real =
    (await realpath(file).catch(absent)) ?? join((await realpath(dirname(file)).catch(absent)) ?? root, 'new');
  if (!real.startsWith(root + sep)) throw new EnclosError('HOST_MOUNT_REFUSED', 'The path leads out of the mount.');
  return file;
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
  throw error;
}

function kindOf(entry: { isFile(): boolean; isDirectory(): boolean }): 'file' | 'folder' | 'other' {
  if (entry.isFile()) return 'file';
  return entry.isDirectory() ? 'folder' : 'other';
}

async function readPiece(path: string, piece: { offset: bigint; maxBytes: number }): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const buffer = new Uint8Array(Math.min(piece.maxBytes, 256 * 1024));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, Number(piece.offset));
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
