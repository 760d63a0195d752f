import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import {
  createSgxsMeter,
  looksLikeElf,
  maxEnclaveFileBytes,
  measureEnclaveFile,
  type FileMeasurement,
} from '@enclos/build/inspect';
import { toHex } from '@enclos/codec';
import { fileKindOf } from '@enclos/diagnostics';
import type { ReadAt } from '@enclos/elf';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { unreadable } from '../../files/read.ts';

export interface Measurement {
  /** 32 bytes of hex. */
  readonly mrEnclave: string;
  /** Length of the stream. */
  readonly streamBytes: number;
  /** Size of the enclave (ECREATE). */
  readonly enclaveBytes: number;
  readonly pages: number;
  /** For an enclave file of another SDK. */
  readonly sdk?: FileMeasurement['sdk'];
  /** What the SIGSTRUCT in such a file names: this enclave, or another. */
  readonly signature?: FileMeasurement['signature'];
}

/**
 * Measures an SGXS stream of any tool, piece by piece, in little memory; and the ELF file of an enclave, which is kept in memory.
 *
 * @param onBytes is told how many bytes were measured so far.
 * @throws SGXS_INVALID; ENCLAVE_FILE_SIMULATED, ENCLAVE_FILE_INVALID and others of @enclos/sgx-image for the ELF file of an enclave
 */
export async function measureStream(
  pieces: AsyncIterable<Uint8Array>,
  onBytes?: (count: number) => void,
): Promise<Measurement> {
  const meter = createSgxsMeter();
  const found: { measurement?: Measurement } = {};
  let count = 0;
  for await (const piece of withoutEnclaveFiles(pieces, (measurement) => (found.measurement = measurement))) {
    meter.push(piece);
    count += piece.length;
    onBytes?.(count);
  }
  if (found.measurement !== undefined) return found.measurement;
  const { mrEnclave, streamBytes, enclaveBytes, pages } = meter.finish();
  return Object.freeze({ mrEnclave: toHex(mrEnclave), streamBytes, enclaveBytes, pages });
}

/** Passes the pieces on, unless they are the ELF file of an enclave, which only the whole file can show. */
async function* withoutEnclaveFiles(
  pieces: AsyncIterable<Uint8Array>,
  found: (measurement: Measurement) => void,
): AsyncGenerator<Uint8Array> {
  let head: Uint8Array | undefined = new Uint8Array();
  let kept: Uint8Array[] = [];
  let keptBytes = 0;
  for await (const piece of pieces) {
    if (head === undefined) {
      yield piece;
      continue;
    }
    kept.push(piece);
    keptBytes += piece.length;
    if (head.length < elfMagicBytes) head = Buffer.concat(kept);
    const mayBeOne = head.length < elfMagicBytes || looksLikeElf(head);
    if (mayBeOne && keptBytes <= maxEnclaveFileBytes) continue;
    yield* kept;
    kept = [];
    head = undefined;
  }
  if (head !== undefined && looksLikeElf(head)) {
    const file = Buffer.concat(kept);
    const measurement = measureEnclaveFile((offset, length) => file.subarray(offset, offset + length), file.length);
    if (measurement !== undefined) return found(measurement);
  }
  yield* kept;
}

const elfMagicBytes = 4;

/** Not much more than a disk reads at once; larger pieces were not faster. */
const pieceBytes = 256 * 1024;

/**
 * Measures an SGXS file, or the ELF file of an enclave, in constant memory.
 * @param onProgress is told the fraction that is done.
 * @throws CLI_FILE_UNREADABLE, and what {@link measureStream} throws
 */
export async function measure(path: string, onProgress?: (fraction: number) => void): Promise<Measurement> {
  try {
    const { size } = await stat(path);
    const measured = measureIfEnclaveFile(path, size, onProgress);
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
function measureIfEnclaveFile(
  path: string,
  size: number,
  onProgress?: (fraction: number) => void,
): Measurement | undefined {
  if (size === 0) return undefined;
  const descriptor = openSync(path, 'r');
  try {
    const read: ReadAt = (offset, length) => {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
      return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, offset));
    };
    return looksLikeElf(read(0, elfMagicBytes)) ? measureEnclaveFile(read, size, onProgress) : undefined;
  } finally {
    closeSync(descriptor);
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
