import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { createSgxsMeter, looksLikeElf, maxEnclaveFileBytes, refuseEnclaveFile } from '@enclos/build/inspect';
import { toHex } from '@enclos/codec';
import { fileKindOf } from '@enclos/diagnostics';
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
}

/**
 * Measures an SGXS stream of any tool, piece by piece, in little memory.
 *
 * @param onBytes is told how many bytes were measured so far.
 * @throws SGXS_INVALID; ENCLAVE_FILE_NOT_MEASURED, ENCLAVE_FILE_SIMULATED and ENCLAVE_FILE_INVALID for the ELF file of an enclave
 */
export async function measureStream(
  pieces: AsyncIterable<Uint8Array>,
  onBytes?: (count: number) => void,
): Promise<Measurement> {
  const meter = createSgxsMeter();
  let count = 0;
  for await (const piece of withoutEnclaveFiles(pieces)) {
    meter.push(piece);
    count += piece.length;
    onBytes?.(count);
  }
  const { mrEnclave, streamBytes, enclaveBytes, pages } = meter.finish();
  return Object.freeze({ mrEnclave: toHex(mrEnclave), streamBytes, enclaveBytes, pages });
}

/** Passes the pieces on, unless they are the ELF file of an enclave, which only the whole file can show. */
async function* withoutEnclaveFiles(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
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
  if (head !== undefined && looksLikeElf(head)) refuseEnclaveFile(Buffer.concat(kept));
  yield* kept;
}

const elfMagicBytes = 4;

/** Not much more than a disk reads at once; larger pieces were not faster. */
const pieceBytes = 256 * 1024;

/**
 * Measures an SGXS file in constant memory.
 * @param onProgress is told the fraction that is done.
 * @throws CLI_FILE_UNREADABLE, and what {@link measureStream} throws
 */
export async function measure(path: string, onProgress?: (fraction: number) => void): Promise<Measurement> {
  try {
    const { size } = await stat(path);
    // Without an encoding a read stream gives Buffers.
    const pieces = createReadStream(path, { highWaterMark: pieceBytes }) as AsyncIterable<Uint8Array>;
    return await measureStream(pieces, (count) => onProgress?.(size === 0 ? 1 : count / size));
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) throw unreadable(path, error);
    throw isEnclosError(error, 'SGXS_INVALID') ? await namingTheFile(path, error) : error;
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
