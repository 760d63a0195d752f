/** What the kit needs of an ELF file that the linker wrote a moment ago. It shares nothing with the readers that its files test. */
export interface ElfParts {
  readonly elf: Uint8Array;
  readonly entry: number;
  readonly segments: readonly ElfPart[];
  /** All sections, by name. */
  readonly sections: ReadonlyMap<string, SectionPart>;
  /** Addresses of the symbols of .dynsym. */
  readonly symbols: ReadonlyMap<string, number>;
}

export interface ElfPart {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly address: number;
  readonly fileBytes: number;
  readonly memoryBytes: number;
  readonly align: number;
}

export interface SectionPart {
  readonly address: number;
  readonly offset: number;
  readonly bytes: number;
  readonly align: number;
}

export function partsOf(elf: Uint8Array): ElfParts {
  const view = viewOf(elf);
  const u64 = (at: number): number => Number(view.getBigUint64(at, true));
  const segments = Array.from({ length: view.getUint16(56, true) }, (_, index): ElfPart => {
    const at = u64(32) + index * 56;
    const [type, flags] = [view.getUint32(at, true), view.getUint32(at + 4, true)];
    const [offset, address, fileBytes, memoryBytes] = [u64(at + 8), u64(at + 16), u64(at + 32), u64(at + 40)];
    return { type, flags, offset, address, fileBytes, memoryBytes, align: u64(at + 48) };
  });
  const sectionAt = (index: number): number => u64(40) + index * 64;
  const names = u64(sectionAt(view.getUint16(62, true)) + 24);
  const sections = new Map(
    Array.from({ length: view.getUint16(60, true) }, (_, index): [string, SectionPart] => {
      const at = sectionAt(index);
      const section = { address: u64(at + 16), offset: u64(at + 24), bytes: u64(at + 32), align: u64(at + 48) };
      return [textAt(elf, names + view.getUint32(at, true)), section];
    }),
  );
  return { elf, entry: u64(24), segments, sections, symbols: symbolsOf(elf, sections) };
}

function symbolsOf(elf: Uint8Array, sections: ReadonlyMap<string, SectionPart>): ReadonlyMap<string, number> {
  const [table, strings] = [sections.get('.dynsym'), sections.get('.dynstr')];
  if (table === undefined || strings === undefined) return new Map();
  const view = viewOf(elf);
  return new Map(
    Array.from({ length: table.bytes / 24 }, (_, index): [string, number] => {
      const at = table.offset + index * 24;
      return [textAt(elf, strings.offset + view.getUint32(at, true)), Number(view.getBigUint64(at + 8, true))];
    }),
  );
}

function textAt(bytes: Uint8Array, start: number): string {
  return String.fromCharCode(...bytes.subarray(start, bytes.indexOf(0, start)));
}
import { viewOf } from '@enclos/codec';
