import { randomUUID } from 'node:crypto';
import { open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EnclosError } from '@enclos/errors';

/** One piece of a new content. */
export interface WritePiece {
  /** Names the write that the piece belongs to. */
  readonly key: string;
  readonly content: Uint8Array;
  readonly isLast: boolean;
  /** The largest file that the mount allows: the enclave's own check is only its word. */
  readonly maxBytes: bigint;
  /** Where the content goes; asked for with the first piece. */
  readonly locate: () => Promise<string>;
}

/** Writes that come in pieces and change their file at once, with the last piece. */
export interface Writes {
  /**
   * A failed write is over.
   * @throws HOST_STORAGE_FULL, HOST_MOUNT_REFUSED when too many writes are open or the host may not write there, and
   *   what `locate` throws.
   */
  write(piece: WritePiece): Promise<void>;
  /** Removes what interrupted writes left behind. */
  close(): Promise<void>;
}

interface PendingWrite {
  writtenBytes: bigint;
  readonly file: FileHandle;
  readonly temporary: string;
  readonly path: string;
}

/** Begins the name of a file that is not finished. */
export const pendingPrefix = '.enclos-write-';
const maxOpenWrites = 16;
/** A write is over in seconds: what nobody wrote to for so long is of a host that was killed. */
const abandonedAfterMs = 3_600_000;

export function createWrites(): Writes {
  /** Promises, so that a second piece finds a write whose file is still being opened. */
  const underway = new Map<string, Promise<PendingWrite>>();
  /** Folders that were rid of what killed hosts left. */
  const cleaned = new Set<string>();
  let closed = false;
  const begin = ({ key, locate }: WritePiece): Promise<PendingWrite> => {
    if (closed) throw new EnclosError('HOST_MOUNT_REFUSED', 'The enclave is gone.');
    if (underway.size >= maxOpenWrites) {
      throw new EnclosError('HOST_MOUNT_REFUSED', `More than ${maxOpenWrites} writes are open.`);
    }
    const opened = locate().then(async (path) => {
      const pending = await openTemporary(path);
      const folder = dirname(path);
      if (!cleaned.has(folder)) await dropAbandoned(pending.temporary).catch(() => undefined);
      cleaned.add(folder);
      return pending;
    });
    underway.set(key, opened);
    return opened;
  };
  return Object.freeze({
    async write(piece: WritePiece) {
      const opened = underway.get(piece.key) ?? begin(piece);
      try {
        const pending = await opened;
        pending.writtenBytes += BigInt(piece.content.length);
        if (pending.writtenBytes > piece.maxBytes) {
          throw new EnclosError('HOST_MOUNT_REFUSED', `A file of this mount may have ${piece.maxBytes} bytes.`);
        }
        await pending.file.writeFile(piece.content);
        if (!piece.isLast) return;
        await commit(pending);
        underway.delete(piece.key);
      } catch (error) {
        underway.delete(piece.key);
        await discard(opened);
        throw storageError(error);
      }
    },
    async close() {
      closed = true;
      // A folder that was taken away meanwhile holds nothing that could be left behind.
      await Promise.allSettled([...underway.values()].map(discard));
      underway.clear();
    },
  });
}

async function openTemporary(path: string): Promise<PendingWrite> {
  const temporary = join(dirname(path), `${pendingPrefix}${randomUUID()}`);
  return { writtenBytes: 0n, file: await open(temporary, 'w', 0o600), temporary, path };
}

/** The new content is on disk before the name points to it: a crash leaves the old file or the new one. */
async function commit(pending: PendingWrite): Promise<void> {
  await pending.file.sync();
  await pending.file.close();
  await rename(pending.temporary, pending.path);
  const folder = await open(dirname(pending.path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Removes what killed hosts left beside a new file. Ages are told by the file system, which made it a moment ago. */
async function dropAbandoned(temporary: string): Promise<void> {
  const folder = dirname(temporary);
  const now = (await stat(temporary)).mtimeMs;
  for (const name of await readdir(folder)) {
    if (!name.startsWith(pendingPrefix)) continue;
    const path = join(folder, name);
    const changed = (await stat(path).catch(() => undefined))?.mtimeMs ?? now;
    if (now - changed > abandonedAfterMs) await rm(path, { force: true });
  }
}

/** The enclave needs to know whether it may try again; the paths and numbers of the host are not its affair. */
export function storageError(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (fullCodes.has(code)) return new EnclosError('HOST_STORAGE_FULL', undefined, { cause: error });
  if (!refusedCodes.has(code)) return error;
  return new EnclosError('HOST_MOUNT_REFUSED', "The host may not write to the mount's folder.", { cause: error });
}

const fullCodes: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const refusedCodes: ReadonlySet<string> = new Set(['EROFS', 'EACCES', 'EPERM']);

async function discard(opened: Promise<PendingWrite>): Promise<void> {
  const pending = await opened.catch(() => undefined);
  if (pending === undefined) return;
  await pending.file.close().catch(() => undefined);
  // On a disk that has become read-only it stays, hidden, until a later write finds it.
  await rm(pending.temporary, { force: true }).catch(() => undefined);
}
