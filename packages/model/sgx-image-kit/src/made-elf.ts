import { concatBytes, utf8 } from '@enclos/codec';

/** A section of a made file: its name, and what is in it. */
export interface MadeSection {
  readonly name: string;
  readonly content: Uint8Array;
  /** SHT_PROGBITS unless given. */
  readonly type?: number;
  /** The size of each entry of a table. */
  readonly entryBytes?: number;
  /** Default: 0. */
  readonly align?: number;
}

/** An ELF file as an SDK would write it, as far as the reader looks. */
export interface MadeElf {
  readonly sections: readonly MadeSection[];
  /** The bytes of the segment that may be executed. */
  readonly code?: Uint8Array;
  /** A shared object for x86-64 that is loaded as a whole at address 0, by the first of its segments; sections are where they are in the file. */
  readonly isLoadedWhole?: boolean;
  /** A segment that may not. */
  readonly data?: Uint8Array;
  /** Changes the finished header of the file. */
  readonly header?: (view: DataView) => void;
  /** Changes the program headers, 56 bytes each. */
  readonly segments?: (view: DataView) => void;
}

export const enclu: Uint8Array = Uint8Array.of(0x90, 0x0f, 0x01, 0xd7, 0xc3);

/** Writes a 64-bit little-endian ELF file (System V ABI, chapter 4). */
export function makeElf(made: MadeElf): Uint8Array {
  const { sections, code = enclu, data = new Uint8Array(), header, segments, isLoadedWhole = false } = made;
  const names = utf8(['', ...sections.map(({ name }) => name), '.shstrtab'].map((name) => `${name}\0`).join(''));
  const nameAt = (name: string): number => Buffer.from(names).indexOf(`\0${name}\0`) + 1;
  const bodies = [code, data, ...sections.map(({ content }) => content), names];
  const starts = bodies.map((_, index) =>
    bodies.slice(0, index).reduce((sum, { length }) => sum + length, 64 + 2 * 56),
  );
  const tableAt = 64 + 2 * 56 + bodies.reduce((sum, { length }) => sum + length, 0);
  const head = new Uint8Array(64);
  const view = new DataView(head.buffer);
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(18, 62, true);
  view.setBigUint64(32, 64n, true);
  view.setBigUint64(40, BigInt(tableAt), true);
  for (const [at, value] of [
    [54, 56],
    [56, 2],
    [58, 64],
    [60, sections.length + 2],
    [62, sections.length + 1],
  ] as const) {
    view.setUint16(at, value, true);
  }
  if (isLoadedWhole) view.setUint16(16, 3, true);
  header?.(view);
  const programHeaders = new Uint8Array(2 * 56);
  const programView = new DataView(programHeaders.buffer);
  for (const [index, flags] of [5, 6].entries()) {
    programView.setUint32(index * 56, 1, true);
    programView.setUint32(index * 56 + 4, flags, true);
    programView.setBigUint64(index * 56 + 8, BigInt(starts[index] ?? 0), true);
    programView.setBigUint64(index * 56 + 32, BigInt(bodies[index]?.length ?? 0), true);
  }
  if (isLoadedWhole) loadWhole(programView, tableAt + (sections.length + 2) * 64);
  segments?.(programView);
  const table = [...sections, { name: '.shstrtab', content: names, type: 3 } as const].map((section, index) => {
    const offset = starts[index + 2] ?? 0;
    return sectionHeader(nameAt(section.name), section, { offset, address: isLoadedWhole ? offset : 0 });
  });
  return concatBytes(head, programHeaders, ...bodies, new Uint8Array(64), ...table);
}

/** The first segment loads the file, and the second is a note. */
function loadWhole(view: DataView, fileBytes: number): void {
  view.setBigUint64(8, 0n, true);
  view.setBigUint64(32, BigInt(fileBytes), true);
  view.setBigUint64(40, BigInt(fileBytes), true);
  view.setUint32(56, 4, true);
}

function sectionHeader(
  name: number,
  { content, type = 1, entryBytes = 0, align = 0 }: Omit<MadeSection, 'name'>,
  { offset, address }: { readonly offset: number; readonly address: number },
): Uint8Array {
  const bytes = new Uint8Array(64);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, name, true);
  view.setUint32(4, type, true);
  view.setBigUint64(16, BigInt(address), true);
  view.setBigUint64(24, BigInt(offset), true);
  view.setBigUint64(32, BigInt(content.length), true);
  view.setBigUint64(48, BigInt(align), true);
  view.setBigUint64(56, BigInt(entryBytes), true);
  return bytes;
}

export interface MadeMetadata {
  readonly major?: number;
  readonly minor?: number;
  readonly sigstruct?: Uint8Array;
  /** The size that the metadata names for itself. */
  readonly sizeBytes?: number;
}

const metadataBytes = 64 + 1808 + 32;

/** The section .note.sgxmeta of Intel's SDK, with room after the last metadata. */
export function intelSection(metadata: readonly MadeMetadata[], name = 'sgx_metadata\0'): MadeSection {
  const content = new Uint8Array(12 + 13 + Math.max(1, metadata.length) * metadataBytes + 100);
  const view = new DataView(content.buffer);
  view.setUint32(0, 13, true);
  view.setUint32(4, content.length - 25, true);
  view.setUint32(8, 1, true);
  content.set(utf8(name), 12);
  for (const [index, { major = 2, minor = 4, sigstruct, sizeBytes = metadataBytes }] of metadata.entries()) {
    const at = 25 + index * metadataBytes;
    view.setBigUint64(at, 0x86a80294635d0e4cn, true);
    view.setUint32(at + 8, minor, true);
    view.setUint32(at + 12, major, true);
    view.setUint32(at + 16, sizeBytes, true);
    view.setBigUint64(at + 40, 0x10000n, true);
    content.set(sigstruct ?? new Uint8Array(), at + 64);
  }
  return { name: '.note.sgxmeta', content, type: 7 };
}

/** The section .oeinfo of Open Enclave. */
export function openEnclaveSection(sigstruct: Uint8Array = new Uint8Array(), sizeBytes = 1960): MadeSection {
  const content = new Uint8Array(1960);
  const view = new DataView(content.buffer);
  view.setUint32(0, sizeBytes, true);
  view.setUint32(4, 2, true);
  content.set(sigstruct, 144);
  content.fill(0xec, 1952);
  return { name: '.oeinfo', content };
}
