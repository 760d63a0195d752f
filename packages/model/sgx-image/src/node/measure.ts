import { createHash } from 'node:crypto';

import { EnclosError } from '@enclos/errors';

import type { EnclaveImage } from '../image.ts';
import { createRecord, PageRecords, recordBytesOf } from '../stream.ts';

/** What an image amounts to. */
export interface MeteredImage {
  /** 32 bytes. */
  readonly mrEnclave: Uint8Array;
  readonly pages: number;
  /** Length of its SGXS stream, as `sgxsPieces` gives it. */
  readonly streamBytes: number;
}

export interface MeterOptions {
  /** Is told now and then which fraction is done. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
  /** The most that is hashed. Default: {@link defaultHashedBytes}; `Infinity` for a file that its owner measures. */
  readonly maxHashedBytes?: number | undefined;
}

/**
 * 16 GiB: some ten seconds on a processor that has instructions for SHA-256. It is that much of pages that are measured in full, and a
 * heap of any size that is added without its content.
 */
export const defaultHashedBytes: number = 2 ** 34;

/**
 * Measures an image and counts its pages, in little memory however large it is.
 *
 * @throws ENCLAVE_FILE_TOO_LARGE before anything is hashed, and what `image.pages` throws
 */
export function meterEnclaveImage(image: EnclaveImage, options: MeterOptions = {}): MeteredImage {
  const { onProgress, maxHashedBytes = defaultHashedBytes } = options;
  requireAtMost(image, maxHashedBytes);
  const create = createRecord(image);
  const hash = createHash('sha256').update(create);
  const records = new PageRecords();
  let [pages, streamBytes] = [0, create.length];
  for (const page of image.pages()) {
    if (records.isFull) {
      hash.update(records.take());
      onProgress?.(streamBytes / image.streamBytes);
    }
    records.add(page, false);
    pages++;
    streamBytes += recordBytesOf(page);
  }
  const mrEnclave = new Uint8Array(hash.update(records.take()).digest());
  return Object.freeze({ mrEnclave, pages, streamBytes });
}

/**
 * MRENCLAVE of an image (SDM vol. 3D, ECREATE, EADD and EEXTEND), in little memory however large it is.
 *
 * @returns 32 bytes.
 * @throws as {@link meterEnclaveImage}
 * @example
 * ```ts
 * const bytes = readFileSync('enclave.signed.so');
 * const image = openEnclaveImage((offset, length) => bytes.subarray(offset, offset + length), bytes.length);
 * console.log(Buffer.from(measureEnclaveImage(image)).toString('hex'));
 * ```
 */
export function measureEnclaveImage(image: EnclaveImage, options: MeterOptions = {}): Uint8Array {
  return meterEnclaveImage(image, options).mrEnclave;
}

function requireAtMost({ streamBytes }: EnclaveImage, maxHashedBytes: number): void {
  if (streamBytes <= maxHashedBytes) return;
  const [needed, bound] = [streamBytes, maxHashedBytes].map(inGib);
  const message = `To measure the enclave that this file declares, ${needed} have to be hashed, and the bound is ${bound}.`;
  throw new EnclosError('ENCLAVE_FILE_TOO_LARGE', message, { details: { streamBytes, maxHashedBytes } });
}

function inGib(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(bytes < 2 ** 30 ? 3 : 0)} GiB`;
}
