import { isPageFlags, PAGE_SIZE, PageFlags, SGXS_HEADER_BYTES } from '@enclos/sgx';

import type { EnclavePage } from '../image.ts';
import { refuse } from '../refusals.ts';
import { recordBytes } from './size.ts';

/** Pages in a row that are alike. */
export interface Region {
  /** Bytes from the start of the enclave. */
  readonly offset: number;
  readonly pages: number;
  /** SECINFO.FLAGS. */
  readonly flags: bigint;
  readonly measured: boolean;
  readonly content: RegionContent;
}

/**
 * - `zeros`.
 * - `same`: each page has these 4096 bytes.
 * - `read`: gives the bytes of `count` pages from `page` of the region; it may put them into `room`, which has so many.
 */
export type RegionContent =
  | { readonly kind: 'zeros' }
  | { readonly kind: 'same'; readonly page: Uint8Array }
  | { readonly kind: 'read'; readonly read: (page: number, count: number, room: Uint8Array) => Uint8Array };

export const zeros: RegionContent = Object.freeze({ kind: 'zeros' });

/** More than any enclave: each thread of a large one has a handful. */
export const maxRegions = 65_536;

const pagesAtOnce = 256;

/**
 * Checks regions before anything is read or made of them: their number, that each lies in the enclave on page boundaries, and that no page
 * comes twice, which EADD refuses.
 * @throws ENCLAVE_FILE_INVALID
 */
export function checkRegions(regions: readonly Region[], sizeBytes: number): readonly Region[] {
  if (regions.length === 0) refuse('it has no pages.');
  if (regions.length > maxRegions) refuse(`it has more than ${maxRegions} regions.`);
  let end = 0;
  for (const region of regions.toSorted((a, b) => a.offset - b.offset)) {
    const { offset, pages, flags } = region;
    if (offset % PAGE_SIZE !== 0 || offset < 0) refuse('a region does not begin on a page boundary.');
    if (!isPageFlags(flags, 'any')) refuse('a region has page flags that EADD refuses.');
    if (offset < end) refuse('two regions overlap.');
    end = offset + pages * PAGE_SIZE;
    if (!Number.isSafeInteger(end) || end > sizeBytes) refuse('a region is not in the range of the enclave.');
  }
  return Object.freeze([...regions]);
}

/** The number of TCS pages. */
export function countThreads(regions: readonly Region[]): number {
  return regions.reduce((sum, { flags, pages }) => (flags === PageFlags.TCS ? sum + pages : sum), 0);
}

/** Length of the SGXS stream of their pages, with its ECREATE. */
export function streamBytesOf(regions: readonly Region[]): number {
  return regions.reduce(
    (sum, { pages, measured, content }) => sum + pages * recordBytes(measured || content.kind !== 'zeros'),
    SGXS_HEADER_BYTES,
  );
}

/** The pages of regions, one after the other. @throws ENCLAVE_FILE_INVALID when the file ends too early */
export function* pagesOf(regions: readonly Region[]): Generator<EnclavePage> {
  // One after the other: memory for each block would be collected more slowly than it is filled.
  let room: Uint8Array | undefined;
  for (const { offset, pages, flags, measured, content } of regions) {
    for (let first = 0; first < pages; first += pagesAtOnce) {
      const count = Math.min(pagesAtOnce, pages - first);
      const block =
        content.kind === 'read'
          ? content.read(first, count, (room ??= new Uint8Array(pagesAtOnce * PAGE_SIZE)))
          : undefined;
      for (let page = 0; page < count; page++) {
        const at = page * PAGE_SIZE;
        yield {
          offset: offset + first * PAGE_SIZE + at,
          flags,
          content: content.kind === 'same' ? content.page : block?.subarray(at, at + PAGE_SIZE),
          measured,
        };
      }
    }
  }
}
