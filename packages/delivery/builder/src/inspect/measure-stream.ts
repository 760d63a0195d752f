import { toHex } from '@enclos/codec';

import { maxEnclaveFileBytes } from './enclave-elf.ts';
import { looksLikeElf } from './inspect.ts';
import { measureEnclaveFile, type FileMeasurement } from './measure-file.ts';
import { createSgxsMeter } from './sgxs-meter.ts';

/** The measurement of an SGXS stream, or of an enclave file of another SDK. */
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
