import { open, type FileHandle } from 'node:fs/promises';
import { EnclosError } from '@enclos/errors';

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
export async function writeProgramCopy(path: string, program: Uint8Array): Promise<string> {
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

async function writeAll(file: FileHandle, program: Uint8Array): Promise<void> {
  for (let at = 0; at < program.length;) {
    const { bytesWritten } = await file.write(program, at, Math.min(writtenAtOnce, program.length - at), at);
    at += bytesWritten;
  }
}

/**
 * Every byte is compared with the measured ones, which is more than to compare hashes, and takes less time.
 * @returns the state of the file
 * @throws PROGRAM_MISMATCH when the file holds anything but the program
 */
export async function compareCopy(file: FileHandle, path: string, program: Uint8Array): Promise<string> {
  // First: what is changed while it is read has another state afterwards.
  const state = stateOf(await file.stat());
  const expected = Buffer.from(program.buffer, program.byteOffset, program.length);
  const piece = Buffer.allocUnsafe(readAtOnce);
  let at = 0;
  for (;;) {
    const { bytesRead } = await file.read(piece, 0, piece.length, at);
    if (bytesRead === 0) break;
    if (at + bytesRead > expected.length || piece.compare(expected, at, at + bytesRead, 0, bytesRead) !== 0) {
      throw wasChanged(path);
    }
    at += bytesRead;
  }
  if (at !== expected.length) throw wasChanged(path);
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
