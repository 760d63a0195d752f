import { randomUUID } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
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
  /** @throws HOST_MOUNT_REFUSED when too many writes are open, and what `locate` throws. A failed write is over. */
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

export function createWrites(): Writes {
  /** Promises, so that a second piece finds a write whose file is still being opened. */
  const underway = new Map<string, Promise<PendingWrite>>();
  let closed = false;
  const begin = ({ key, locate }: WritePiece): Promise<PendingWrite> => {
    if (closed) throw new EnclosError('HOST_MOUNT_REFUSED', 'The enclave is gone.');
    if (underway.size >= maxOpenWrites) {
      throw new EnclosError('HOST_MOUNT_REFUSED', `More than ${maxOpenWrites} writes are open.`);
    }
    const opened = locate().then(openTemporary);
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
        throw error;
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

async function discard(opened: Promise<PendingWrite>): Promise<void> {
  const pending = await opened.catch(() => undefined);
  if (pending === undefined) return;
  await pending.file.close().catch(() => undefined);
  await rm(pending.temporary, { force: true });
}
