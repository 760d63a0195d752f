import { isEnclaveSize, SGXS_HEADER_BYTES, SGXS_PAGE_RECORD_BYTES } from '@enclos/sgx';

import { refuse } from '../refusals.ts';

/** 128 GiB, which is also what Intel's loader was written for. */
export const maxEnclaveBytes = 2 ** 37;
const maxSsaFrameSize = 4;

/** The size of an enclave as a number. @throws ENCLAVE_FILE_INVALID */
export function checkEnclaveSize(sizeBytes: bigint): number {
  if (!isEnclaveSize(sizeBytes)) refuse('the enclave size is not a power of two of at least two pages.');
  if (sizeBytes > BigInt(maxEnclaveBytes)) refuse('the enclave is larger than 128 GiB.');
  return Number(sizeBytes);
}

/** Bytes of the records of a page in a stream. @param hasChunks its content is in the stream, zeros that are measured too */
export function recordBytes(hasChunks: boolean): number {
  return hasChunks ? SGXS_PAGE_RECORD_BYTES : SGXS_HEADER_BYTES;
}

/** @throws ENCLAVE_FILE_INVALID */
export function checkSsaFrameSize(pages: number): void {
  if (pages < 1 || pages > maxSsaFrameSize) refuse(`SSA frames have 1 to ${maxSsaFrameSize} pages, not ${pages}.`);
}
