import { open, type FileHandle } from 'node:fs/promises';
import { giveBack, memoryFor } from '@enclos/edl';
import { EnclosError } from '@enclos/errors';
import type { MeasuredProgram } from './require-program.ts';

/** Every piece is a turn of a thread: as few as another launch can wait for. */
const writtenAtOnce = 4 * 1024 * 1024;
const readAtOnce = 1024 * 1024;
/** Other users may run it, on a separated platform. */
const mode = 0o555;

/**
 * Writes a program into a new file, and compares what is there with the bytes that were measured. It need not be on the disk.
 * @returns its state, which changes with its content
 * @throws PROGRAM_MISMATCH, and the errors of the file system
 */
export async function writeProgramCopy(path: string, program: MeasuredProgram): Promise<string> {
  const file = await open(path, 'wx+', mode);
  try {
    // Whatever the umask took away.
    await file.chmod(mode);
    await writeAll(file, program);
    return await compareCopy(file, path, program);
  } finally {
    // A file that is open for writing does not run (execve(2), ETXTBSY).
    await file.close();
  }
}

async function writeAll(file: FileHandle, { sizeBytes, read }: MeasuredProgram): Promise<void> {
  for (let at = 0; at < sizeBytes;) {
    const piece = read(at, writtenAtOnce);
    const { bytesWritten } = await file.write(piece, 0, piece.length, at);
    at += bytesWritten;
  }
}

/**
 * Every byte is compared with the measured ones, which is more than to compare hashes, and takes less time.
 * @returns the state of the file
 * @throws PROGRAM_MISMATCH when the file holds anything but the program
 */
export async function compareCopy(file: FileHandle, path: string, program: MeasuredProgram): Promise<string> {
  // First: what is changed while it is read has another state afterwards.
  const state = stateOf(await file.stat());
  const piece = Buffer.from(memoryFor(readAtOnce).buffer);
  let at = 0;
  let isSame = true;
  while (isSame) {
    const { bytesRead } = await file.read(piece, 0, piece.length, at);
    if (bytesRead === 0) break;
    isSame = piece.subarray(0, bytesRead).equals(program.read(at, bytesRead));
    at += bytesRead;
  }
  giveBack(piece);
  if (!isSame || at !== program.sizeBytes) throw wasChanged(path);
  return state;
}

/** The parts of `Stats` that change when a file is replaced or written. */
export function stateOf({ dev, ino, size, mtimeMs, ctimeMs }: FileState): string {
  return [dev, ino, size, mtimeMs, ctimeMs].join(':');
}

export type FileState = Readonly<Record<'dev' | 'ino' | 'size' | 'mtimeMs' | 'ctimeMs', number>>;

export function wasChanged(path: string): EnclosError {
  return new EnclosError('PROGRAM_MISMATCH', `${path} was changed.`);
}
