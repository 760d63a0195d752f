import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { concatBytes, toHex } from '@enclos/codec';
import { SgxsReader, type SgxsEvent } from '@enclos/sgx';
import { unreadable } from '../files.ts';

export interface Measurement {
  /** 32 bytes of hex. */
  readonly mrEnclave: string;
  /** Length of the stream. */
  readonly streamBytes: number;
  /** Size of the enclave (ECREATE). */
  readonly enclaveBytes: number;
  readonly pages: number;
}

const recordBytes = 64;
const recordWithDataBytes = 320;

function lengthOf(event: SgxsEvent): number {
  return event.kind === 'chunk' ? recordWithDataBytes : recordBytes;
}

/**
 * Measures an SGXS stream of any tool, piece by piece: MRENCLAVE is the SHA-256
 * of the measured records (SDM vol. 3D: ECREATE, EADD, EEXTEND), so records
 * that are loaded and not measured are left out. Keeps less than one record
 * between pieces.
 *
 * @param onBytes is told how many bytes were measured so far.
 * @throws SGXS_INVALID
 */
export async function measureStream(
  pieces: AsyncIterable<Uint8Array>,
  onBytes?: (count: number) => void,
): Promise<Measurement> {
  const reader = new SgxsReader({ profile: 'any', maxBytes: Number.MAX_SAFE_INTEGER });
  const hash = createHash('sha256');
  let incomplete: Uint8Array = new Uint8Array();
  let streamBytes = 0;
  let enclaveBytes = 0;
  let pages = 0;
  for await (const piece of pieces) {
    const bytes = incomplete.length === 0 ? piece : concatBytes(incomplete, piece);
    let at = 0;
    let runStart = 0;
    for (const event of reader.push(piece)) {
      if (event.kind === 'ecreate') enclaveBytes = Number(event.sizeBytes);
      if (event.kind === 'eadd') pages += 1;
      const end = at + lengthOf(event);
      if (event.kind === 'chunk' && !event.measured) {
        hash.update(bytes.subarray(runStart, at));
        runStart = end;
      }
      at = end;
    }
    hash.update(bytes.subarray(runStart, at));
    incomplete = bytes.slice(at);
    streamBytes += piece.length;
    onBytes?.(streamBytes);
  }
  reader.end();
  return Object.freeze({ mrEnclave: toHex(new Uint8Array(hash.digest())), streamBytes, enclaveBytes, pages });
}

/** Not much more than a disk reads at once; larger pieces were not faster. */
const pieceBytes = 256 * 1024;

/**
 * Measures an SGXS file in constant memory.
 * @param onProgress is told the fraction that is done.
 * @throws CLI_FILE_UNREADABLE, SGXS_INVALID
 */
export async function measure(path: string, onProgress?: (fraction: number) => void): Promise<Measurement> {
  try {
    const { size } = await stat(path);
    // Without an encoding a read stream gives Buffers.
    const pieces = createReadStream(path, { highWaterMark: pieceBytes }) as AsyncIterable<Uint8Array>;
    return await measureStream(pieces, (count) => onProgress?.(size === 0 ? 1 : count / size));
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) throw unreadable(path, error);
    throw error;
  }
}
