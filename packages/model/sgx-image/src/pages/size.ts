import { isEnclaveSize } from '@enclos/sgx';

import { refuse } from '../refusals.ts';
import { maxEnclaveBytes } from './region.ts';

const maxSsaFrameSize = 4;

/** The size of an enclave as a number. @throws ENCLAVE_FILE_INVALID */
export function checkEnclaveSize(sizeBytes: bigint): number {
  if (!isEnclaveSize(sizeBytes)) refuse('the enclave size is not a power of two of at least two pages.');
  if (sizeBytes > BigInt(maxEnclaveBytes)) refuse('the enclave is larger than 128 GiB.');
  return Number(sizeBytes);
}

/** @throws ENCLAVE_FILE_INVALID */
export function checkSsaFrameSize(pages: number): void {
  if (pages < 1 || pages > maxSsaFrameSize) refuse(`SSA frames have 1 to ${maxSsaFrameSize} pages, not ${pages}.`);
}
