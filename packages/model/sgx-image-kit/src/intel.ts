import { viewOf } from '@enclos/codec';
import { compileEnclave } from './compiler.ts';
import { partsOf, type ElfParts } from './elf-parts.ts';
import { intelMetadata, type IntelLayout, type LayoutEntry } from './intel-metadata.ts';
import { enclaveSizeFor, pageBytes, pageFlags, pagesOf, roundUp, tcsBytes } from './pages.ts';
import { segmentPages } from './segments.ts';
import { signEnclave, type KitEnclave, type KitSigning } from './signing.ts';
import { writeStream, type KitPage } from './stream.ts';

export interface IntelEnclaveOptions extends KitSigning {
  /** Default: 2. */
  readonly threads?: number;
  /** The stack of each thread. Default: 16. */
  readonly stackPages?: number;
  /** Default: 16. */
  readonly heapPages?: number;
  /** Default: the smallest power of two that holds everything. */
  readonly enclaveBytes?: number;
  /** Bytes in the file that no code reads, to make it as large as the files of real programs. Default: 0. */
  readonly contentBytes?: number;
  /** The most that `ecall_copy` copies. Default: 64 KiB. */
  readonly copyBytes?: number;
}

/**
 * The interface of {@link intelEnclave}, in EDL. `ecall_fault` returns EXITINFO of the exception that the enclave handled (0: none) and
 * 1 in bit 32; its kinds: ud2, a read at address 0, a division by zero, int3. Kinds of `ecall_misbehave`: never ends, `syscall`, `int 0x80`,
 * a write to a page that is read-only.
 */
export const intelEdl = `enclave {
  trusted {
    public void ecall_nothing(void);
    public void ecall_copy([in, size=bytes] const uint8_t* source, [out, size=bytes] uint8_t* copy, uint64_t bytes);
    public int32_t ecall_ask(int32_t value);
    public void ecall_report([in, size=512] const uint8_t* target, [in, size=64] const uint8_t* data, [out, size=432] uint8_t* report);
    public uint32_t ecall_key([in, size=512] const uint8_t* request, [out, size=16] uint8_t* key);
    public uint64_t ecall_fault(uint32_t kind);
    public void ecall_misbehave(uint32_t kind);
    void ecall_nested(void);
    public uint32_t ecall_patched(void);
  };
  untrusted {
    int32_t ocall_ask(int32_t value) allow(ecall_nested);
  };
};
`;

/** What ecall_patched returns: the metadata patch it into the file. */
export const intelPatch = 0x5a;

const guardPages = 16;
const ssaPages = 2;
const file = 'intel.c';
/** The compiler needs the size before there is a file; no instruction gets longer by it. */
const unknownSize = 0x100_0000;

/**
 * A small enclave with the metadata of Intel's SGX SDK, version 2.4, that speaks its gate: {@link intelEdl} is its interface. The private
 * call may be made while OCALL 0 is served, and gives 0x1007 otherwise. Needs `gcc-14` or `clang-19`.
 *
 * @example
 * ```ts
 * const { signed, mrEnclave } = intelEnclave({ key: generateSigningKey() });
 * ```
 */
export function intelEnclave(options: IntelEnclaveOptions): KitEnclave {
  const sizes = { CONTENT_BYTES: options.contentBytes ?? 0, COPY_BYTES: options.copyBytes ?? 65_536 };
  const { enclaveBytes } = layOut(partsOf(compileEnclave(file, { ...sizes, ENCLAVE_BYTES: unknownSize })), options);
  const code = compileEnclave(file, { ...sizes, ENCLAVE_BYTES: enclaveBytes });
  const parts = partsOf(code);
  const layout = layOut(parts, options);
  const patch = patchOf(parts);
  const patched = new Uint8Array(code);
  patched.set(patch.content, patch.at);
  const pages = [...segmentPages(patched, parts.segments), ...layout.entries.flatMap((entry) => entry.pages)];
  const { sgxs, mrEnclave } = writeStream(pages, layout);
  const sigstruct = signEnclave(mrEnclave, options);
  const { elf, sigstructAt } = withMetadata(code, parts, { ...layout, patch });
  const signed = new Uint8Array(elf);
  signed.set(sigstruct, sigstructAt);
  const tcs = pages.filter(({ flags }) => flags === pageFlags.tcs).map(({ offset }) => offset);
  return { elf, signed, sgxs, sigstruct, mrEnclave, sigstructAt, enclaveBytes: layout.enclaveBytes, tcs };
}

function patchOf(parts: ElfParts): IntelLayout['patch'] {
  const section = parts.sections.get('.kitpatch');
  if (section === undefined) throw new Error('The enclave has nothing to patch.');
  return { at: section.offset, content: new Uint8Array(section.bytes).fill(intelPatch) };
}

interface KitLayout extends Omit<IntelLayout, 'patch'> {
  readonly entries: readonly (LayoutEntry & { readonly pages: readonly KitPage[] })[];
}

/** The heap, and for each thread: guard, stack, guard, TCS, SSA, guard, thread data, as the sign tool lays them out. */
function layOut(parts: ElfParts, options: IntelEnclaveOptions): KitLayout {
  const { threads = 2, stackPages = 16, heapPages = 16 } = options;
  const end = Math.max(
    ...parts.segments.map(({ type, address, memoryBytes }) => (type === 1 ? address + memoryBytes : 0)),
  );
  const heapAt = roundUp(end);
  const firstAt = heapAt + heapPages * pageBytes;
  const groupPages = guardPages + stackPages + 1 + 1 + ssaPages + 1 + 1;
  const total = firstAt + threads * groupPages * pageBytes + guardPages * pageBytes;
  const heap: LayoutEntry = { id: 1, flags: pageFlags.rw, offset: heapAt, count: heapPages };
  const group = threadEntries(parts.entry, { firstAt, stackPages });
  const groups = Array.from({ length: threads }, (_, index) => index * groupPages * pageBytes);
  return {
    enclaveBytes: options.enclaveBytes ?? enclaveSizeFor(total),
    templates: [heap, ...group],
    group: { entries: group.length, times: threads - 1, stepBytes: groupPages * pageBytes },
    entries: [
      { ...heap, pages: pagesOf(heapAt, heapPages, heap) },
      ...groups.flatMap((shift) => group.map((entry) => ({ ...entry, pages: entryPages(entry, shift) }))),
    ],
  };
}

function threadEntries(entry: number, at: { readonly firstAt: number; readonly stackPages: number }): LayoutEntry[] {
  const stackAt = at.firstAt + guardPages * pageBytes;
  const tcsAt = stackAt + (at.stackPages + 1) * pageBytes;
  const dataAt = tcsAt + (1 + ssaPages + 1) * pageBytes;
  const guard = { id: 10, flags: 0 };
  // In the template, OSSA, OFSBASE and OGSBASE count from the TCS itself.
  const tcs = tcsBytes({ ssa: pageBytes, entry, segments: dataAt - tcsAt });
  return [
    { ...guard, offset: at.firstAt, count: guardPages },
    { id: 8, flags: pageFlags.rw, offset: stackAt, count: at.stackPages, fill: 0xcccc_cccc },
    { ...guard, offset: tcsAt - pageBytes, count: 1 },
    { id: 4, flags: pageFlags.tcs, offset: tcsAt, count: 1, content: tcs },
    { id: 6, flags: pageFlags.rw, offset: tcsAt + pageBytes, count: ssaPages },
    { ...guard, offset: dataAt - pageBytes, count: 1 },
    // The thread data are zero but for a mark, so that there is content to read.
    { id: 5, flags: pageFlags.rw, offset: dataAt, count: 1, content: new Uint8Array(64).fill(0x7d, 40, 48) },
  ];
}

function entryPages({ flags, offset, count, content, fill }: LayoutEntry, shift: number): readonly KitPage[] {
  if (flags === 0) return [];
  const at = offset + shift;
  if (flags === pageFlags.tcs && content !== undefined) {
    return pagesOf(at, count, { flags, content: placedTcs(content, at) });
  }
  if (fill === undefined) return pagesOf(at, count, { flags, ...(content && { content }) });
  const filled = new Uint8Array(new Uint32Array(pageBytes / 4).fill(fill).buffer);
  return pagesOf(at, count, { flags }).map((page) => ({ ...page, content: filled }));
}

function placedTcs(template: Uint8Array, at: number): Uint8Array {
  const bytes = new Uint8Array(template);
  const view = viewOf(bytes);
  for (const field of [16, 48, 56]) view.setBigUint64(field, view.getBigUint64(field, true) + BigInt(at), true);
  return bytes;
}

function withMetadata(code: Uint8Array, parts: ElfParts, layout: IntelLayout): Pick<KitEnclave, 'elf' | 'sigstructAt'> {
  const section = parts.sections.get('.note.sgxmeta');
  if (section === undefined) throw new Error('The enclave has no place for its metadata.');
  const { note, sigstructAt } = intelMetadata(layout);
  if (note.length !== section.bytes) throw new Error(`The metadata have ${note.length} bytes, not ${section.bytes}.`);
  const elf = new Uint8Array(code);
  elf.set(note, section.offset);
  return { elf, sigstructAt: section.offset + sigstructAt };
}
