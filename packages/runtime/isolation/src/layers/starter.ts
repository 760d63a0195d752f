import { ByteWriter, fromHex, utf8 } from '@enclos/codec';
import { starterCode } from './starter-code.ts';

/**
 * The starter: a program of some 450 bytes (488 on arm64) that restricts itself, as its words say, in ways that no program of
 * util-linux or bubblewrap offers, and then becomes the next program (execve(2)):
 *
 * - `c7`: closes every descriptor from 7 on (close_range(2)).
 * - `r4 e1`: sets both limits of resource 4 to exactly 1 (prlimit(2)).
 * - `r7 v1024`: sets both limits of resource 7 to 1024, or to the hard limit if that is already lower.
 * - `j/sys/fs/cgroup/pod/cgroup.procs`: moves itself into a cgroup.
 * - `-`: the next word is the path of the program, and the rest its words.
 *
 * Any failure ends it with 126, so that nothing starts without the requested restrictions. It is machine code because the
 * images that Enclos builds have neither a shell nor a script language.
 */
export function starterProgram(architecture: 'x64' | 'arm64'): Uint8Array {
  return staticExecutable(architecture, fromHex(starterCode[architecture].map(([bytes]) => bytes).join('')));
}

/** Where a byte of the code of {@link staticExecutable} is loaded. @param address where the file is */
export function loadedAt(address: bigint, offset: number): bigint {
  return address + BigInt(codeOffset + offset);
}

/** A program whose first instruction is that of the code: one segment of the whole file, to be read and run. @param address of its first byte */
export function staticExecutable(
  architecture: 'x64' | 'arm64',
  code: Uint8Array,
  address: bigint = usualAddress,
): Uint8Array {
  const sizeBytes = BigInt(codeOffset + code.length);
  return (
    new ByteWriter({ sizeHint: 1024 })
      // elf(5), Elf64_Ehdr: 64 bits, little-endian, version 1, an executable without relocations.
      .bytes(utf8('\u007fELF'))
      .bytes(fromHex('02010100'))
      .u64(0n)
      .u16(2)
      .u16(elfMachine[architecture])
      .u32(1)
      .u64(loadedAt(address, 0))
      .u64(BigInt(elfHeaderBytes))
      .u64(0n)
      .u32(0)
      .u16(elfHeaderBytes)
      .u16(programHeaderBytes)
      .u16(2)
      .u16(0)
      .u16(0)
      .u16(0)
      // Elf64_Phdr, PT_LOAD: the whole file, to be read and run. Aligned to the largest page of AArch64.
      .u32(1)
      .u32(5)
      .u64(0n)
      .u64(address)
      .u64(address)
      .u64(sizeBytes)
      .u64(sizeBytes)
      .u64(0x1_0000n)
      // PT_GNU_STACK: a stack that is not executable.
      .u32(0x6474_e551)
      .u32(6)
      .bytes(new Uint8Array(40))
      .u64(16n)
      .bytes(code)
      .finish()
  );
}

const elfHeaderBytes = 64;
const programHeaderBytes = 56;
const codeOffset = elfHeaderBytes + 2 * programHeaderBytes;
const usualAddress = 0x40_0000n;
/** EM_X86_64, EM_AARCH64. */
const elfMachine = { x64: 62, arm64: 183 } as const;

/** Numbers of resources (asm-generic/resource.h), the same on both architectures. */
export const resource = { data: 2, stack: 3, core: 4, processes: 6, files: 7, addressSpace: 9 } as const;

/** The words that set both limits of a resource to at most this. */
export function atMost(of: keyof typeof resource, value: bigint | number): readonly string[] {
  return [`r${resource[of]}`, `v${value}`];
}

/** The words that set both limits of a resource to exactly this, or start nothing. */
export function exactly(of: keyof typeof resource, value: bigint | number): readonly string[] {
  return [`r${resource[of]}`, `e${value}`];
}
