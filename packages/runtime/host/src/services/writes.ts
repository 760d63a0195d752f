import { dirname } from 'node:path';
import { durable, type UnfinishedFile } from '@enclos/durable';
import { EnclosError } from '@enclos/errors';

/** One piece of the new content of a file. */
export interface WritePiece {
  /** Names the write that the piece belongs to. */
  readonly key: string;
  readonly content: Uint8Array;
  readonly isLast: boolean;
  /** The largest file that the mount allows: the enclave's own check is only its word. */
  readonly maxBytes: bigint;
  /** The path of the file. Asked for with the first piece. */
  readonly locate: () => Promise<string>;
}

/** Writes that arrive in pieces and change their file atomically, with the last piece. */
export interface Writes {
  /**
   * A failed write cannot be continued.
   * @throws HOST_STORAGE_FULL, HOST_MOUNT_REFUSED when too many writes are open or the host may not write there, and
   *   what `locate` throws.
   */
  write(piece: WritePiece): Promise<void>;
  /** Removes the files of interrupted writes. */
  close(): Promise<void>;
}

interface PendingWrite {
  writtenBytes: bigint;
  readonly file: UnfinishedFile;
  readonly path: string;
}

const maxOpenWrites = 16;

export function createWrites(): Writes {
  /** The values are promises, so that a second piece finds a write whose file is still being opened. */
  const underway = new Map<string, Promise<PendingWrite>>();
  let closed = false;
  const begin = ({ key, locate }: WritePiece): Promise<PendingWrite> => {
    if (closed) throw new EnclosError('HOST_MOUNT_REFUSED', 'The enclave is gone.');
    if (underway.size >= maxOpenWrites) {
      throw new EnclosError('HOST_MOUNT_REFUSED', `More than ${maxOpenWrites} writes are open.`);
    }
    const opened = locate().then(async (path) => ({
      writtenBytes: 0n,
      file: await durable.begin(dirname(path)),
      path,
    }));
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
        await pending.file.write(piece.content);
        if (!piece.isLast) return;
        await pending.file.place(pending.path);
        await durable.syncFolder(dirname(pending.path));
        underway.delete(piece.key);
      } catch (error) {
        underway.delete(piece.key);
        await discard(opened);
        throw storageError(error);
      }
    },
    async close() {
      closed = true;
      // A folder that was removed meanwhile has no unfinished files to clean up.
      await Promise.allSettled([...underway.values()].map(discard));
      underway.clear();
    },
  });
}

/** The enclave needs to know whether it may try again; the host's paths and error numbers are not passed on. */
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
  await pending?.file.discard();
}
