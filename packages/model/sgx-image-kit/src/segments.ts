import type { ElfPart } from './elf-parts.ts';
import { pageBytes, roundUp } from './pages.ts';
import type { KitPage } from './stream.ts';

const PT_LOAD = 1;

/** The pages of the segments that are loaded, in the order of the program headers. */
export function segmentPages(elf: Uint8Array, segments: readonly ElfPart[]): KitPage[] {
  return segments
    .filter(({ type }) => type === PT_LOAD)
    .flatMap(({ flags, offset, address, fileBytes, memoryBytes }) => {
      const start = address - (address % pageBytes);
      const memory = new Uint8Array(roundUp(address + memoryBytes) - start);
      memory.set(elf.subarray(offset, offset + fileBytes), address - start);
      return Array.from({ length: memory.length / pageBytes }, (_, index) => ({
        offset: start + index * pageBytes,
        flags: 0x200 | secinfoOf(flags),
        content: memory.subarray(index * pageBytes, (index + 1) * pageBytes),
      }));
    });
}

/** PF_X 1, PF_W 2, PF_R 4, as R 1, W 2, X 4. */
function secinfoOf(flags: number): number {
  return ((flags >> 2) & 1) | (flags & 2) | ((flags & 1) << 2);
}
