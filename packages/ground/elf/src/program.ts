import { EnclosError } from '@enclos/errors';
import { DynamicTag, readDynamic } from './dynamic.ts';
import {
  EM_AARCH64,
  EM_X86_64,
  ET_DYN,
  ET_EXEC,
  PF_W,
  PF_X,
  PT_GNU_STACK,
  PT_INTERP,
  PT_LOAD,
  readHeader,
  type ElfHeader,
  type Segment,
} from './header.ts';
import type { ReadAt } from './read.ts';

/** The machines that programs are made for, by the names of the manifest. */
const machines = Object.freeze({ 'linux-x64': EM_X86_64, 'linux-arm64': EM_AARCH64 });
export type ProgramArchitecture = keyof typeof machines;

/** Which rule a program breaks: `details.rule` of PROGRAM_REFUSED. */
export type ProgramRule =
  | 'format'
  | 'machine'
  | 'type'
  | 'static'
  | 'segments'
  | 'reserved'
  | 'entry'
  | 'writable-code'
  | 'stack';

/** What a program that keeps the rules is. */
export interface StaticProgram {
  readonly architecture: ProgramArchitecture;
  /** It can be loaded at any address (static-pie). */
  readonly isPositionIndependent: boolean;
  /** The memory that its segments take when it is loaded. */
  readonly memoryBytes: bigint;
}

/** Far above what static programs have, and below what would wrap an address. */
const maxMemoryBytes = 4n * 1024n ** 3n;
const lowestSharedPage = 4096n;
const maxAddress = 1n << 47n;

/**
 * Where what starts a program is loaded, and where the program has nothing: system calls that only the start needs are told by the
 * address that they are made from (seccomp(2), `instruction_pointer`). It is below 2^39, the least that AArch64 has, far from where
 * linkers and the kernel place anything, and as long as the largest page.
 */
export const startingMemory = Object.freeze({ address: 0x3f_0000_0000n, sizeBytes: 0x1_0000n });

/**
 * Holds a file to the rules for programs that run as enclaves: it is an ELF64 file of this machine, brings all that it needs, has
 * segments of sane sizes, no memory that is both writable and executable, and asks for a stack that is not executable.
 *
 * These rules are about what the kernel makes of the file (load_elf_binary in fs/binfmt_elf.c). They say nothing about what the program does.
 *
 * @example
 * const { isPositionIndependent } = checkProgram((at, length) => file.subarray(at, at + length), { sizeBytes: file.length });
 * @throws PROGRAM_REFUSED with the rule in `details.rule`
 */
export function checkProgram(
  read: ReadAt,
  { sizeBytes, architecture }: { readonly sizeBytes: number; readonly architecture?: ProgramArchitecture },
): StaticProgram {
  const header = readable(() => readHeader(read));
  const found = architectureOf(header);
  if (architecture !== undefined && found !== architecture) {
    throw refused('machine', `The program is for ${found}, and must be for ${architecture}.`);
  }
  const { type, segments } = header;
  if (type !== ET_EXEC && type !== ET_DYN) {
    throw refused('type', 'The file is not an executable: it is an object file, a core dump or of another type.');
  }
  requireStatic(read, segments);
  const loaded = segments.filter((segment) => segment.type === PT_LOAD);
  requireLoadable(loaded, BigInt(sizeBytes));
  if (type === ET_DYN) requireTogether(loaded);
  if (!loaded.some((segment) => isExecutable(segment) && contains(segment, header.entry))) {
    throw refused('entry', 'The program does not begin in one of its executable segments.');
  }
  requireApart(loaded);
  requireStack(segments);
  return Object.freeze({
    architecture: found,
    isPositionIndependent: type === ET_DYN,
    memoryBytes: loaded.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0n),
  });
}

/** The same for a file in memory. @throws PROGRAM_REFUSED with the rule in `details.rule` */
export function checkProgramBytes(
  file: Uint8Array,
  options: { readonly architecture?: ProgramArchitecture } = {},
): StaticProgram {
  const read: ReadAt = (offset, length) => file.subarray(offset, offset + length);
  return checkProgram(read, { ...options, sizeBytes: file.length });
}

function refused(rule: ProgramRule, message: string, cause?: unknown): EnclosError {
  return new EnclosError('PROGRAM_REFUSED', message, { details: { rule }, ...(cause === undefined ? {} : { cause }) });
}

function readable<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw refused('format', `The program cannot be read. ${cause.message}`, cause);
  }
}

function architectureOf({ machine }: ElfHeader): ProgramArchitecture {
  for (const architecture of ['linux-x64', 'linux-arm64'] as const) {
    if (machines[architecture] === machine) return architecture;
  }
  throw refused('machine', `The program is for a processor with the number ${machine}, on which enclaves do not run.`);
}

/** The kernel starts the program of PT_INTERP instead, and that one maps the libraries of DT_NEEDED: neither is measured. */
function requireStatic(read: ReadAt, segments: readonly Segment[]): void {
  if (segments.some(({ type }) => type === PT_INTERP)) {
    throw refused('static', 'The program is dynamic: it asks for a loader (PT_INTERP), which would not be measured.');
  }
  if (readable(() => readDynamic(read, segments)).some(({ tag }) => tag === DynamicTag.NEEDED)) {
    throw refused('static', 'The program is dynamic: it asks for libraries (DT_NEEDED), which would not be measured.');
  }
}

function requireLoadable(loaded: readonly Segment[], fileBytes: bigint): void {
  let end = 0n;
  let total = 0n;
  for (const { offset, address, sizeBytes, memoryBytes } of loaded) {
    total += memoryBytes;
    const isSane =
      sizeBytes <= memoryBytes &&
      offset + sizeBytes <= fileBytes &&
      address >= end &&
      address + memoryBytes <= maxAddress &&
      offset % lowestSharedPage === address % lowestSharedPage;
    if (!isSane || total > maxMemoryBytes) {
      throw refused('segments', 'A segment of the program is outside the file, overlaps another, or is too large.');
    }
    end = address + memoryBytes;
    if (address < startingMemory.address + startingMemory.sizeBytes && end > startingMemory.address) {
      throw refused('reserved', 'A segment of the program is where the platform has the code that starts programs.');
    }
  }
}

/** The kernel places a program without an address as one: nothing of it lands far from the rest, where something else is expected. */
function requireTogether(loaded: readonly Segment[]): void {
  const [first, last] = [loaded[0], loaded.at(-1)];
  if (first !== undefined && last !== undefined && last.address + last.memoryBytes - first.address > maxMemoryBytes) {
    throw refused('segments', 'The segments of the program are more than 4 GiB apart.');
  }
}

/**
 * Code is what is in the file. The kernel maps the memory of a segment that the file has no bytes for writable, and executable
 * too where the segment is (vm_brk_flags in `elf_load`).
 */
function requireApart(loaded: readonly Segment[]): void {
  const code = loaded.filter(isExecutable);
  if (code.some(({ flags }) => (flags & PF_W) !== 0)) {
    throw refused('writable-code', 'A segment of the program is both writable and executable.');
  }
  if (code.some(({ sizeBytes, memoryBytes }) => memoryBytes > sizeBytes)) {
    const message =
      'An executable segment of the program has more memory than bytes in the file: the rest would be writable.';
    throw refused('writable-code', message);
  }
}

function requireStack(segments: readonly Segment[]): void {
  const [stack, second] = segments.filter(({ type }) => type === PT_GNU_STACK);
  if (stack === undefined || second !== undefined) {
    throw refused('stack', 'The program does not say once what its stack is (PT_GNU_STACK).');
  }
  if (isExecutable(stack)) throw refused('stack', 'The program asks for an executable stack.');
}

function isExecutable({ flags }: Segment): boolean {
  return (flags & PF_X) !== 0;
}

function contains({ address, memoryBytes }: Segment, at: bigint): boolean {
  return at >= address && at < address + memoryBytes;
}
