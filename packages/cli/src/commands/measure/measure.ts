import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import {
  looksLikeElf,
  measureEnclaveFile,
  measureStream,
  type Measurement,
  type MeterOptions,
} from '@enclos/build/inspect';
import { unreadable } from '@enclos/cli-frame/files';
import { fileKindOf } from '@enclos/diagnostics';
import { openReadableFileSync } from '@enclos/durable';
import { EnclosError, isEnclosError } from '@enclos/errors';

const elfMagicBytes = 4;

/** Not much more than a disk reads at once; larger pieces were not faster. */
const pieceBytes = 256 * 1024;

/**
 * Measures an SGXS file, or the ELF file of an enclave, in constant memory.
 * @throws CLI_FILE_UNREADABLE, and what {@link measureStream} throws
 */
export async function measure(path: string, options: MeterOptions = {}): Promise<Measurement> {
  const { onProgress } = options;
  try {
    const { size } = await stat(path);
    const measured = measureIfEnclaveFile(path, size, options);
    if (measured !== undefined) return measured;
    // Without an encoding a read stream gives Buffers.
    const pieces = createReadStream(path, { highWaterMark: pieceBytes }) as AsyncIterable<Uint8Array>;
    return await measureStream(pieces, (count) => onProgress?.(size === 0 ? 1 : count / size));
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) throw unreadable(path, error);
    throw isEnclosError(error, 'SGXS_INVALID') ? await namingTheFile(path, error) : error;
  }
}

/** A file that has a size can be read anywhere; a pipe has none, and is read as a stream. */
function measureIfEnclaveFile(path: string, size: number, options: MeterOptions): Measurement | undefined {
  if (size === 0) return undefined;
  const file = openReadableFileSync(path);
  if ('unfit' in file) return undefined;
  const { readAt, sizeBytes, close } = file;
  try {
    return looksLikeElf(readAt(0, elfMagicBytes)) ? measureEnclaveFile(readAt, sizeBytes, options) : undefined;
  } finally {
    close();
  }
}

/** Keeps the error of a file that begins like an SGXS stream. Any other file gets an error that says what it is. */
async function namingTheFile(path: string, error: EnclosError): Promise<EnclosError> {
  const { known, words } = fileKindOf(await startOf(path));
  if (known === 'image') return error;
  return new EnclosError('SGXS_INVALID', `This is ${words}, and not an SGXS stream.`, { cause: error });
}

async function startOf(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read({ buffer: new Uint8Array(64 * 1024) });
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
