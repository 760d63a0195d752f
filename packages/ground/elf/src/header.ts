import { viewOf } from '@enclos/codec';
import { readExactly, type ReadAt } from './read.ts';

/** E_MACHINE (System V ABI, chapter 4). */
export const EM_X86_64 = 62;
export const EM_AARCH64 = 183;
/** E_TYPE of a program with a fixed address. */
export const ET_EXEC = 2;
/** E_TYPE of a shared object and of a program that can be loaded anywhere. */
export const ET_DYN = 3;

/** P_TYPE (System V ABI, chapter 5). */
export const PT_LOAD = 1;
export const PT_DYNAMIC = 2;
export const PT_INTERP = 3;
export const PT_TLS = 7;
/** What the stack may be: its flags count (Linux Standard Base, Core specification 5.0, section 11). */
export const PT_GNU_STACK = 0x6474e551;

/** P_FLAGS. */
export const PF_X = 1;
export const PF_W = 2;
export const PF_R = 4;

const maxHeaders = 128;

export interface Segment {
  readonly type: number;
  /** {@link PF_X}, {@link PF_W} and {@link PF_R}. */
  readonly flags: number;
  readonly offset: bigint;
  readonly address: bigint;
  /** In the file. */
  readonly sizeBytes: bigint;
  /** In memory: beyond the bytes of the file it is zeros. */
  readonly memoryBytes: bigint;
  /** 0 and 1: none. */
  readonly align: bigint;
}

export interface ElfHeader {
  /** {@link EM_X86_64}, {@link EM_AARCH64} or another. */
  readonly machine: number;
  /** {@link ET_DYN} or another. */
  readonly type: number;
  readonly entry: bigint;
  /** At most 128. */
  readonly segments: readonly Segment[];
}

/** The header of a 64-bit little-endian ELF file, and its program headers. @throws RangeError */
export function readHeader(read: ReadAt): ElfHeader {
  const header = viewOf(readExactly(read, { offset: 0n, sizeBytes: 64n }, 64));
  // "\x7FELF", 64-bit, little-endian: what the supported processors run.
  const isElf64 = header.getUint32(0) === 0x7f454c46 && header.getUint16(4) === 0x0201;
  if (!isElf64) throw new RangeError('Not a 64-bit ELF file.');
  const offset = header.getBigUint64(32, true);
  const [entryBytes, count] = [header.getUint16(54, true), header.getUint16(56, true)];
  if (entryBytes !== 56 || count > maxHeaders) throw new RangeError('The ELF program headers are out of bounds.');
  const table = viewOf(readExactly(read, { offset, sizeBytes: BigInt(count * entryBytes) }, maxHeaders * entryBytes));
  return {
    machine: header.getUint16(18, true),
    type: header.getUint16(16, true),
    entry: header.getBigUint64(24, true),
    segments: Array.from({ length: count }, (_, index) => segmentAt(table, index * entryBytes)),
  };
}

function segmentAt(table: DataView, at: number): Segment {
  return {
    type: table.getUint32(at, true),
    flags: table.getUint32(at + 4, true),
    offset: table.getBigUint64(at + 8, true),
    address: table.getBigUint64(at + 16, true),
    sizeBytes: table.getBigUint64(at + 32, true),
    memoryBytes: table.getBigUint64(at + 40, true),
    align: table.getBigUint64(at + 48, true),
  };
}

/** Where the file has the byte that is loaded at `address`. @throws RangeError when no loaded segment has it. */
export function fileOffset(segments: readonly Segment[], address: bigint): bigint {
  const segment = segments.find(
    ({ type, address: start, sizeBytes }) => type === PT_LOAD && address >= start && address < start + sizeBytes,
  );
  if (segment === undefined) throw new RangeError('An ELF address is in no segment.');
  return segment.offset + (address - segment.address);
}
