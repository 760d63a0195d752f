import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';

/** What a file holds, or why it is not read: words that follow its name. */
export type BoundedFile = { readonly bytes: Uint8Array } | { readonly unfit: string };

/**
 * Reads a regular file, and nothing that has no end or makes its reader wait: a pipe in the place of the file would hold a thread of
 * the pool forever, and a device such as /dev/zero all memory.
 * @throws the error of the file system
 */
export async function readBoundedFile(path: string, maxBytes: number): Promise<BoundedFile> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!(await file.stat()).isFile()) return { unfit: 'is not a file' };
    // One byte more than may be there, since a file can grow after it was looked at.
    const buffer = Buffer.alloc(maxBytes + 1);
    let length = 0;
    for (let read = 1; read > 0 && length < buffer.length; length += read) {
      read = (await file.read(buffer, length)).bytesRead;
    }
    return within(maxBytes, buffer.subarray(0, length));
  } finally {
    await file.close();
  }
}

/**
 * The same, for callers that cannot wait.
 * @throws the error of the file system
 */
export function readBoundedFileSync(path: string, maxBytes: number): BoundedFile {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!fstatSync(file).isFile()) return { unfit: 'is not a file' };
    const buffer = Buffer.alloc(maxBytes + 1);
    let length = 0;
    for (let read = 1; read > 0 && length < buffer.length; length += read) {
      read = readSync(file, buffer, length, buffer.length - length, null);
    }
    return within(maxBytes, buffer.subarray(0, length));
  } finally {
    closeSync(file);
  }
}

/** A regular file that is open, for a reader that needs parts of it. */
export interface ReadableFile {
  /** When it was opened. */
  readonly sizeBytes: number;
  /** Up to `length` bytes at `offset`, in `room` when that is given and has so many; fewer at the end of the file. */
  readonly readAt: (offset: number, length: number, room?: Uint8Array) => Uint8Array;
  readonly close: () => void;
}

/**
 * Opens a regular file for reads at any place, and nothing that makes its reader wait.
 * @returns why it is not read, in words that follow its name, for what is not a file
 * @throws the error of the file system
 */
export function openReadableFileSync(path: string): ReadableFile | { readonly unfit: string } {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const found = fstatSync(file);
  if (!found.isFile()) {
    closeSync(file);
    return { unfit: 'is not a file' };
  }
  return {
    sizeBytes: found.size,
    readAt(offset, length, room) {
      const wanted = Math.max(0, Math.min(length, found.size - offset));
      const bytes = room?.subarray(0, wanted) ?? new Uint8Array(wanted);
      let filled = 0;
      for (let read = 1; read > 0 && filled < bytes.length; filled += read) {
        read = readSync(file, bytes, filled, bytes.length - filled, offset + filled);
      }
      return bytes.subarray(0, filled);
    },
    close: () => closeSync(file),
  };
}

function within(maxBytes: number, bytes: Uint8Array): BoundedFile {
  return bytes.length > maxBytes ? { unfit: `has more than ${maxBytes} bytes` } : { bytes };
}
