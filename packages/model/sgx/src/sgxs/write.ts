import { PAGE_SIZE } from '../constants.ts';
import type { EnclaveGeometry, PageSpec } from './read.ts';
import { CHUNK_BYTES, HEADER_BYTES, MAX_RECORD_BYTES, PAGE_RECORD_BYTES, tags } from './record.ts';
import { isEnclaveSize, isPageFlags, refuse } from './rules.ts';

export interface WriteSgxsInput extends EnclaveGeometry {
  /** In ascending order from offset 0, without gaps. */
  readonly pages: readonly PageSpec[];
}

/**
 * Writes an image of the strict profile. SHA-256 of the result is its MRENCLAVE.
 *
 * @throws SGXS_INVALID when the size is not a power of two of at least two pages,
 * SSAFRAMESIZE is not 1, or a page is out of place, of the wrong length, or not a
 * readable REG page.
 */
export function writeSgxs(input: WriteSgxsInput): Uint8Array {
  checkInput(input);
  const { ssaFrameSize, sizeBytes, pages } = input;
  const image = new Uint8Array(HEADER_BYTES + pages.length * PAGE_RECORD_BYTES);
  const view = new DataView(image.buffer);
  image.set(tags.ecreate.bytes);
  view.setUint32(8, ssaFrameSize, true);
  view.setBigUint64(12, sizeBytes, true);
  pages.forEach((page, index) => writePage(view, HEADER_BYTES + index * PAGE_RECORD_BYTES, page));
  return image;
}

function checkInput({ ssaFrameSize, sizeBytes, pages }: WriteSgxsInput): void {
  if (ssaFrameSize !== 1) refuse('SSAFRAMESIZE is not 1.');
  if (!isEnclaveSize(sizeBytes)) refuse('the enclave size is not a power of two of at least two pages.');
  if (sizeBytes > BigInt(Number.MAX_SAFE_INTEGER)) refuse('the enclave size is beyond any enclave.');
  if (pages.length === 0) refuse('an image has at least one page.');
  if (BigInt(pages.length * PAGE_SIZE) > sizeBytes) refuse('the pages do not fit into the enclave.');
  pages.forEach((page, index) => {
    if (page.offset !== BigInt(index * PAGE_SIZE)) refuse(`page ${index} is not at offset ${index * PAGE_SIZE}.`);
    if (page.content.length !== PAGE_SIZE) refuse(`page ${index} is not ${PAGE_SIZE} bytes.`);
    if (!isPageFlags(page.flags, 'strict')) refuse(`page ${index} is not a readable REG page.`);
  });
}

function writePage(view: DataView, start: number, page: PageSpec): void {
  const records = new Uint8Array(view.buffer, start, PAGE_RECORD_BYTES);
  records.set(tags.eadd.bytes);
  view.setBigUint64(start + 8, page.offset, true);
  view.setBigUint64(start + 16, page.flags, true);
  let at = HEADER_BYTES;
  for (let chunk = 0; chunk < PAGE_SIZE; chunk += CHUNK_BYTES) {
    records.set(tags.eextend.bytes, at);
    view.setBigUint64(start + at + 8, page.offset + BigInt(chunk), true);
    records.set(page.content.subarray(chunk, chunk + CHUNK_BYTES), at + HEADER_BYTES);
    at += MAX_RECORD_BYTES;
  }
}
