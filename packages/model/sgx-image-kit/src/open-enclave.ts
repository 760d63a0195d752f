import { viewOf } from '@enclos/codec';
import { compileEnclave } from './compiler.ts';
import { partsOf, type ElfParts } from './elf-parts.ts';
import { enclaveSizeFor, pageBytes, pageFlags, pagesOf, roundUp, tcsBytes } from './pages.ts';
import { segmentPages } from './segments.ts';
import { signEnclave, type KitEnclave, type KitSigning } from './signing.ts';
import { writeStream, type KitPage } from './stream.ts';

export interface OpenEnclaveOptions extends KitSigning {
  /** Default: 2. */
  readonly threads?: number;
  /** The stack of each thread. Default: 16. */
  readonly stackPages?: number;
  /** Default: 16. */
  readonly heapPages?: number;
  /** The version of the SDK, by the size of its properties: up to 0.12, up to 0.17.0, and later. Default: 1960. */
  readonly propertiesBytes?: 1920 | 1952 | 1960;
  /** With 1952 bytes: as 0.16 made it, and not an older version. */
  readonly knowsModules?: boolean;
}

/**
 * The interface of {@link openEnclave}, in EDL; what its calls mean says {@link intelEdl}. `ecall_count` counts the calls of its thread,
 * from 701. `ecall_evidence` gives a report of Open Enclave for remote attestation (`oe_report_header_t`, then a quote), or an
 * `oe_result_t`. Functions of the host that begin with `oe_` are what the SDK's own EDL files declare, with a plain number as their result.
 */
export const openEnclaveEdl = `enclave {
  trusted {
    public void ecall_nothing();
    public void ecall_copy([in, size=bytes] const uint8_t* source, [out, size=bytes] uint8_t* copy, uint64_t bytes);
    public int32_t ecall_ask(int32_t value);
    public void ecall_report([in, size=512] const uint8_t* target, [in, size=64] const uint8_t* data, [out, size=432] uint8_t* report);
    public uint32_t ecall_key([in, size=512] const uint8_t* request, [out, size=16] uint8_t* key);
    public uint64_t ecall_fault(uint32_t kind);
    public void ecall_misbehave(uint32_t kind);
    public uint32_t ecall_count();
    public uint32_t ecall_evidence([in, size=64] const uint8_t* data, [out, size=room] uint8_t* evidence, uint64_t room,
      [out] uint64_t* evidence_bytes);
  };
  untrusted {
    uint32_t oe_sgx_get_cpuid_table_ocall([out, size=cpuid_table_buffer_size] void* cpuid_table_buffer, size_t cpuid_table_buffer_size);
    int32_t ocall_ask(int32_t value);
    uint32_t oe_get_qetarget_info_ocall([in] const oe_uuid_t* format_id, [in, size=opt_params_size] const void* opt_params,
      size_t opt_params_size, [out] sgx_target_info_t* target_info);
    uint32_t oe_get_quote_ocall([in] const oe_uuid_t* format_id, [in, size=opt_params_size] const void* opt_params,
      size_t opt_params_size, [in] const sgx_report_t* sgx_report, [out, size=quote_size] void* quote, size_t quote_size,
      [out] size_t* quote_size_out);
  };
};
`;

const file = 'open-enclave.c';
/** The compiler needs the size before there is a file; no instruction gets longer by it. */
const unknownSize = 0x100_0000;
const latestBytes = 1960;
const sigstructBytes = 1808;
const R_X86_64_TPOFF64 = 18;

/**
 * A small enclave with the properties of Open Enclave that speaks its gate: {@link openEnclaveEdl} is its interface. It has relocations and
 * variables of threads. INIT asks the host for the CPUID table. Needs `gcc-14` or `clang-19`.
 *
 * @example
 * ```ts
 * const { signed, mrEnclave } = openEnclave({ key: generateSigningKey() });
 * ```
 */
export function openEnclave(options: OpenEnclaveOptions): KitEnclave {
  const { propertiesBytes = latestBytes, knowsModules = false } = options;
  const definitions = { PROPERTIES_BYTES: propertiesBytes, ...(knowsModules && { KNOWS_MODULES: 1 }) };
  const sigstructAt = propertiesBytes - 8 - sigstructBytes;
  const first = compileEnclave(file, { ...definitions, ENCLAVE_BYTES: unknownSize });
  const { enclaveBytes } = placesOf(partsOf(first), options);
  const elf = compileEnclave(file, { ...definitions, ENCLAVE_BYTES: enclaveBytes });
  const parts = partsOf(elf);
  const places = placesOf(parts, options);
  const properties = sectionOf(parts, '.oeinfo');
  elf.set(propertiesOf(options), properties.offset);
  const pages = [
    ...patchedSegments(elf, parts, places, options),
    ...pagesOf(places.imageBytes, places.relocations.length / pageBytes, {
      flags: pageFlags.r,
      content: places.relocations,
    }),
    ...pagesOf(places.heapAt, places.heapPages, { flags: pageFlags.rw, measured: false }),
    ...places.threads.flatMap((at) => threadPages(at, parts.entry, places)),
  ];
  const { sgxs, mrEnclave } = writeStream(pages, { enclaveBytes });
  const sigstruct = signEnclave(mrEnclave, options);
  const signed = new Uint8Array(elf);
  signed.set(sigstruct, properties.offset + sigstructAt);
  const tcs = pages.filter(({ flags }) => flags === pageFlags.tcs).map(({ offset }) => offset);
  return { elf, signed, sgxs, sigstruct, mrEnclave, sigstructAt: properties.offset + sigstructAt, enclaveBytes, tcs };
}

interface Places {
  readonly imageBytes: number;
  readonly relocations: Uint8Array;
  readonly heapAt: number;
  readonly heapPages: number;
  readonly stackPages: number;
  readonly tlsPages: number;
  /** Where the guard before the stack of each thread is. */
  readonly threads: readonly number[];
  readonly enclaveBytes: number;
}

function placesOf(parts: ElfParts, { threads = 2, stackPages = 16, heapPages = 16 }: OpenEnclaveOptions): Places {
  const end = Math.max(
    ...parts.segments.map(({ type, address, memoryBytes }) => (type === 1 ? address + memoryBytes : 0)),
  );
  const imageBytes = roundUp(end);
  const tls = parts.segments.find(({ type }) => type === 7);
  const tlsPages = tls === undefined ? 0 : roundUp(roundUp(tls.fileBytes, 16) + tls.memoryBytes) / pageBytes;
  const relocations = relocationsOf(parts);
  const heapAt = imageBytes + relocations.length;
  const threadBytes = (1 + stackPages + 1 + 4 + tlsPages + 1) * pageBytes;
  const firstAt = heapAt + heapPages * pageBytes;
  return {
    imageBytes,
    relocations,
    heapAt,
    heapPages,
    stackPages,
    tlsPages,
    threads: Array.from({ length: threads }, (_, index) => firstAt + index * threadBytes),
    enclaveBytes: enclaveSizeFor(firstAt + threads * threadBytes),
  };
}

function sectionOf(parts: ElfParts, name: string) {
  const section = parts.sections.get(name);
  if (section === undefined) throw new Error(`The enclave has no ${name}.`);
  return section;
}

/** `.rela.dyn`, where the offset of a variable of threads is in the addend, up to the end of a page. */
function relocationsOf(parts: ElfParts): Uint8Array {
  const { elf } = parts;
  const { offset, bytes } = sectionOf(parts, '.rela.dyn');
  const relocations = new Uint8Array(roundUp(bytes));
  relocations.set(elf.subarray(offset, offset + bytes));
  const view = viewOf(relocations);
  for (let at = 0; at < bytes; at += 24) {
    if (view.getUint32(at + 8, true) !== R_X86_64_TPOFF64) continue;
    const symbol = sectionOf(parts, '.dynsym').offset + 24 * view.getUint32(at + 12, true);
    view.setBigUint64(at + 16, viewOf(elf).getBigUint64(symbol + 8, true), true);
  }
  return relocations;
}

/** `oe_sgx_enclave_properties_t` before it is signed. */
function propertiesOf(options: OpenEnclaveOptions): Uint8Array {
  const { threads = 2, stackPages = 16, heapPages = 16, propertiesBytes = latestBytes } = options;
  const bytes = new Uint8Array(propertiesBytes);
  const view = viewOf(bytes);
  view.setUint32(0, propertiesBytes, true);
  view.setUint32(4, 2, true);
  [heapPages, stackPages, threads].forEach((count, index) => view.setBigUint64(8 + index * 8, BigInt(count), true));
  view.setUint16(32, 1, true);
  view.setUint16(34, 1, true);
  // MODE64BIT, and DEBUG is allowed.
  view.setBigUint64(propertiesBytes === 1920 ? 40 : 72, 6n, true);
  view.setBigUint64(propertiesBytes - 8, 0xecec_ecec_ecec_ececn, true);
  return bytes;
}

function patchedSegments(
  elf: Uint8Array,
  parts: ElfParts,
  places: Places,
  { propertiesBytes = latestBytes, knowsModules = false }: OpenEnclaveOptions,
): KitPage[] {
  const pages = segmentPages(elf, parts.segments);
  const setU64 = (at: number, value: number): void => {
    const page = pages.find(({ offset }) => offset <= at && at + 8 <= offset + pageBytes);
    if (page?.content === undefined) throw new Error('The loader has nothing to fill.');
    viewOf(page.content).setBigUint64(at - page.offset, BigInt(value), true);
  };
  const properties = sectionOf(parts, '.oeinfo');
  const { imageBytes, relocations, heapAt, enclaveBytes, tlsPages } = places;
  const informationAt = properties.address + propertiesBytes - 8 - sigstructBytes - 48;
  const information = [properties.address, propertiesBytes, imageBytes, relocations.length, heapAt, enclaveBytes];
  information.forEach((value, index) => setU64(informationAt + index * 8, value));
  if (propertiesBytes !== latestBytes && !knowsModules) {
    // What the header says of sections: e_shoff, and e_shnum and e_shstrndx, after the size of a section header.
    setU64(40, 0);
    setU64(56, Number(viewOf(elf).getBigUint64(56, true) & 0xffff_ffffn));
  }
  const [data, zeros] = [sectionOf(parts, '.tdata'), sectionOf(parts, '.tbss')];
  const tls = parts.segments.find(({ type }) => type === 7);
  const values: Readonly<Record<string, number>> = {
    _enclave_rva: parts.symbols.get('_enclave_rva') ?? 0,
    _reloc_rva: imageBytes,
    _reloc_size: relocations.length,
    _tdata_rva: data.address,
    _tdata_size: data.bytes,
    // lld aligns the segment and not the section; only the latest loaders go by the segment.
    _tdata_align: propertiesBytes === latestBytes ? (tls?.align ?? 1) : data.align,
    _tbss_size: zeros.bytes,
    _tbss_align: zeros.align,
    _td_from_tcs_offset: (tlsPages + 4) * pageBytes,
  };
  for (const [name, value] of Object.entries(values)) setU64(parts.symbols.get(name) ?? 0, value);
  return pages;
}

/** Guard, stack, guard, TCS, two SSA frames, guard, the variables of the thread, thread data. */
function threadPages(start: number, entry: number, { stackPages, tlsPages }: Places): KitPage[] {
  const stackAt = start + pageBytes;
  const tcsAt = stackAt + (stackPages + 1) * pageBytes;
  const variablesAt = tcsAt + 4 * pageBytes;
  const content = tcsBytes({ ssa: tcsAt + pageBytes, entry, segments: variablesAt + tlsPages * pageBytes });
  const filled = new Uint8Array(stackPages * pageBytes).fill(0xcc);
  return [
    ...pagesOf(stackAt, stackPages, { flags: pageFlags.rw, content: filled }),
    ...pagesOf(tcsAt, 1, { flags: pageFlags.tcs, content }),
    ...pagesOf(tcsAt + pageBytes, 2, { flags: pageFlags.rw }),
    ...pagesOf(variablesAt, tlsPages + 1, { flags: pageFlags.rw }),
  ];
}
