import { PAGE_SIZE, PageFlags, writeSgxs } from '@enclos/sgx';

/** A stream of the strict profile, 5184 bytes a page, that holds no application. */
export function largeImage(pages: number): Uint8Array {
  const content = new Uint8Array(PAGE_SIZE).fill(0x5a);
  const flags = PageFlags.REG | PageFlags.R;
  return writeSgxs({
    ssaFrameSize: 1,
    sizeBytes: 2n ** 30n,
    pages: Array.from({ length: pages }, (_, i) => ({ offset: BigInt(i * PAGE_SIZE), flags, content })),
  });
}
