import { decodeUtf8 } from '@enclos/codec/text';

import { dynamicValue, DynamicTag, readDynamic } from './dynamic.ts';
import { fileOffset, PT_INTERP, readHeader, type Segment } from './header.ts';
import { readExactly, type ReadAt } from './read.ts';

/** What an ELF file tells its loader. */
export interface ElfFacts {
  /** E_MACHINE: EM_X86_64, EM_AARCH64 or another. */
  readonly machine: number;
  /** The program that loads it (PT_INTERP); libraries name none. */
  readonly loader: string | undefined;
  /** The shared libraries that it asks for (DT_NEEDED), in its order. */
  readonly needed: readonly string[];
}

const maxLoaderBytes = 4096;
const maxStringBytes = 4 * 1024 * 1024;

/**
 * Reads what a loader needs to know of an executable or a shared library. It reads the headers and two tables, all of
 * bounded size; nothing is run, as `ldd` would.
 * @throws RangeError for anything but a well-formed 64-bit little-endian ELF file.
 */
export function readElf(read: ReadAt): ElfFacts {
  const { machine, segments } = readHeader(read);
  const interpreter = segments.find(({ type }) => type === PT_INTERP);
  const loader = interpreter && stringAt(readExactly(read, interpreter, maxLoaderBytes), 0n);
  return Object.freeze({ machine, loader, needed: Object.freeze(readNeeded(read, segments)) });
}

function readNeeded(read: ReadAt, segments: readonly Segment[]): readonly string[] {
  const entries = readDynamic(read, segments);
  const needed = entries.filter(({ tag }) => tag === DynamicTag.NEEDED);
  if (needed.length === 0) return [];
  const [address, sizeBytes] = [dynamicValue(entries, DynamicTag.STRTAB), dynamicValue(entries, DynamicTag.STRSZ)];
  if (address === undefined || sizeBytes === undefined) throw new RangeError('The ELF string table is absent.');
  const strings = readExactly(read, { offset: fileOffset(segments, address), sizeBytes }, maxStringBytes);
  return needed.map(({ value }) => stringAt(strings, value));
}

function stringAt(table: Uint8Array, offset: bigint): string {
  const start = offset < BigInt(table.length) ? Number(offset) : table.length;
  const end = table.indexOf(0, start);
  if (end < 0) throw new RangeError('An ELF string has no end.');
  try {
    return decodeUtf8(table.subarray(start, end));
  } catch (cause) {
    throw new RangeError('An ELF string is not UTF-8.', { cause });
  }
}
