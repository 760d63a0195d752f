import { decodeUtf8 } from '@enclos/codec/text';

/** Reads up to `length` bytes of a file at `offset`; fewer at its end. */
export type ReadAt = (offset: number, length: number) => Uint8Array;

/** What an ELF file tells its loader. */
export interface ElfFacts {
  /** E_MACHINE: {@link EM_X86_64}, {@link EM_AARCH64} or another. */
  readonly machine: number;
  /** The program that loads it (PT_INTERP); libraries name none. */
  readonly loader: string | undefined;
  /** The shared libraries that it asks for (DT_NEEDED), in its order. */
  readonly needed: readonly string[];
}

export const EM_X86_64 = 62;
export const EM_AARCH64 = 183;

const maxHeaders = 128;
const maxLoaderBytes = 4096;
const maxDynamicBytes = 64 * 1024;
const maxStringBytes = 4 * 1024 * 1024;

/** Program header types and dynamic tags (System V ABI, chapter 5). */
export const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const DT_NULL = 0n;
const DT_NEEDED = 1n;
const DT_STRTAB = 5n;
const DT_STRSZ = 10n;

export interface Segment {
  readonly type: number;
  /** PF_X, PF_W and PF_R. */
  readonly flags: number;
  readonly offset: bigint;
  readonly address: bigint;
  readonly sizeBytes: bigint;
}

/** The bytes of a file from `offset`, all of them, when they are no more than `maxBytes`. @throws RangeError */
export function readExactly(
  read: ReadAt,
  { offset, sizeBytes }: { readonly offset: bigint; readonly sizeBytes: bigint },
  maxBytes: number,
): Uint8Array {
  if (sizeBytes > BigInt(maxBytes) || offset > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new RangeError('A part of the ELF file is out of bounds.');
  }
  const bytes = read(Number(offset), Number(sizeBytes));
  if (bytes.length < Number(sizeBytes)) throw new RangeError('The ELF file ends too early.');
  return bytes;
}

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The program headers, at most 128. @throws RangeError */
export function readSegments(read: ReadAt): { readonly machine: number; readonly segments: readonly Segment[] } {
  const header = viewOf(readExactly(read, { offset: 0n, sizeBytes: 64n }, 64));
  // "\x7FELF", 64-bit, little-endian: what the supported interpreters are.
  const isElf64 = header.getUint32(0) === 0x7f454c46 && header.getUint16(4) === 0x0201;
  if (!isElf64) throw new RangeError('Not a 64-bit ELF file.');
  const [offset, entryBytes, count] = [
    header.getBigUint64(32, true),
    header.getUint16(54, true),
    header.getUint16(56, true),
  ];
  if (entryBytes !== 56 || count > maxHeaders) throw new RangeError('The ELF program headers are out of bounds.');
  const table = viewOf(readExactly(read, { offset, sizeBytes: BigInt(count * entryBytes) }, maxHeaders * entryBytes));
  const segments = Array.from({ length: count }, (_, index) => {
    const at = index * entryBytes;
    return {
      type: table.getUint32(at, true),
      flags: table.getUint32(at + 4, true),
      offset: table.getBigUint64(at + 8, true),
      address: table.getBigUint64(at + 16, true),
      sizeBytes: table.getBigUint64(at + 32, true),
    };
  });
  return { machine: header.getUint16(18, true), segments };
}

function fileOffset(segments: readonly Segment[], address: bigint): bigint {
  const segment = segments.find(
    ({ type, address: start, sizeBytes }) => type === PT_LOAD && address >= start && address < start + sizeBytes,
  );
  if (segment === undefined) throw new RangeError('An ELF address is in no segment.');
  return segment.offset + (address - segment.address);
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

function readNeeded(read: ReadAt, segments: readonly Segment[]): readonly string[] {
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
  if (dynamic === undefined) return [];
  const table = viewOf(readExactly(read, dynamic, maxDynamicBytes));
  const all = Array.from({ length: Math.floor(table.byteLength / 16) }, (_, index) => ({
    tag: table.getBigInt64(index * 16, true),
    value: table.getBigUint64(index * 16 + 8, true),
  }));
  const end = all.findIndex(({ tag }) => tag === DT_NULL);
  const entries = end < 0 ? all : all.slice(0, end);
  const valueOf = (wanted: bigint): bigint | undefined => entries.find(({ tag }) => tag === wanted)?.value;
  const needed = entries.filter(({ tag }) => tag === DT_NEEDED);
  if (needed.length === 0) return [];
  const [address, sizeBytes] = [valueOf(DT_STRTAB), valueOf(DT_STRSZ)];
  if (address === undefined || sizeBytes === undefined) throw new RangeError('The ELF string table is absent.');
  const strings = readExactly(read, { offset: fileOffset(segments, address), sizeBytes }, maxStringBytes);
  return needed.map(({ value }) => stringAt(strings, value));
}

/**
 * Reads what a loader needs to know of an executable or a shared library. It reads the headers and two tables, all of
 * bounded size; nothing is run, as `ldd` would.
 * @throws RangeError for anything but a well-formed 64-bit little-endian ELF file.
 */
export function readElf(read: ReadAt): ElfFacts {
  const { machine, segments } = readSegments(read);
  const interpreter = segments.find(({ type }) => type === PT_INTERP);
  const loader = interpreter && stringAt(readExactly(read, interpreter, maxLoaderBytes), 0n);
  return Object.freeze({ machine, loader, needed: Object.freeze(readNeeded(read, segments)) });
}
