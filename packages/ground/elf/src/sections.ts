import { viewOf } from '@enclos/codec';
import { nameAt, readExactly, type FilePart, type ReadAt } from './read.ts';

/** One section of an ELF file, as its header says. */
export interface ElfSection extends FilePart {
  readonly name: string;
  readonly address: bigint;
  /** In memory. In the file it has no more bytes than `sizeBytes`. */
  readonly memoryBytes: bigint;
  /** 0 and 1: none. */
  readonly align: bigint;
  /** The size of each entry, when it is a table. */
  readonly entryBytes: bigint;
}

const sectionHeaderBytes = 64;
const maxSections = 1024;
const maxNamesBytes = 1024 * 1024;
/** Longer names are of no section that is looked for. */
const maxNameBytes = 64;
/** A section without bytes in the file (System V ABI, chapter 4). */
const SHT_NOBITS = 8;

/**
 * The sections of a 64-bit little-endian ELF file, at most 1024; none when it has no
 * table of them. It reads that table and the names, both of bounded size.
 * @throws RangeError when they are not well-formed.
 */
export function readSections(read: ReadAt): readonly ElfSection[] {
  const header = viewOf(readExactly(read, { offset: 0n, sizeBytes: 64n }, 64));
  const offset = header.getBigUint64(40, true);
  const [entryBytes, count, namesIndex] = [58, 60, 62].map((at) => header.getUint16(at, true));
  if (offset === 0n || count === undefined || count === 0) return [];
  if (entryBytes !== sectionHeaderBytes || namesIndex === undefined || namesIndex >= count) {
    throw new RangeError('The ELF section headers are out of bounds.');
  }
  const sizeBytes = BigInt(count * sectionHeaderBytes);
  const table = viewOf(readExactly(read, { offset, sizeBytes }, maxSections * sectionHeaderBytes));
  const sections = Array.from({ length: count }, (_, index) => sectionAt(table, index * sectionHeaderBytes));
  const namesSection = sections[namesIndex];
  if (namesSection === undefined) throw new RangeError('The ELF section names are absent.');
  const names = readExactly(read, namesSection, maxNamesBytes);
  return sections.map((section, index) => ({
    ...section,
    name: nameAt(names, table.getUint32(index * sectionHeaderBytes, true), maxNameBytes),
  }));
}

function sectionAt(table: DataView, at: number): Omit<ElfSection, 'name'> {
  const memoryBytes = table.getBigUint64(at + 32, true);
  return {
    address: table.getBigUint64(at + 16, true),
    offset: table.getBigUint64(at + 24, true),
    sizeBytes: table.getUint32(at + 4, true) === SHT_NOBITS ? 0n : memoryBytes,
    memoryBytes,
    align: table.getBigUint64(at + 48, true),
    entryBytes: table.getBigUint64(at + 56, true),
  };
}
