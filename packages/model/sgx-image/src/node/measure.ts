import { createHash } from 'node:crypto';

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

/**
 * Measures an image and counts its pages, in little memory however large it is.
 *
 * @param onPages is told now and then how many pages were measured so far.
 * @throws what `image.pages` throws
 */
export function meterEnclaveImage(image: EnclaveImage, onPages?: (pages: number) => void): MeteredImage {
  const create = createRecord(image);
  const hash = createHash('sha256').update(create);
  const records = new PageRecords();
  let [pages, streamBytes] = [0, create.length];
  for (const page of image.pages()) {
    if (records.isFull) {
      hash.update(records.take());
      onPages?.(pages);
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
 * @throws what `image.pages` throws
 * @example
 * ```ts
 * const bytes = readFileSync('enclave.signed.so');
 * const image = openEnclaveImage((offset, length) => bytes.subarray(offset, offset + length), bytes.length);
 * console.log(Buffer.from(measureEnclaveImage(image)).toString('hex'));
 * ```
 */
export function measureEnclaveImage(image: EnclaveImage): Uint8Array {
  return meterEnclaveImage(image).mrEnclave;
}
