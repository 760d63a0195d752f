/** Reads `length` bytes of a file at `offset`; fewer at its end. */
export type ReadAt = (offset: number, length: number) => Promise<Uint8Array>;

const maxHeaders = 128;
const maxDynamicBytes = 64 * 1024;
const maxStringBytes = 4 * 1024 * 1024;

/** Program header types and dynamic tags (System V ABI, chapter 5). */
const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const DT_NEEDED = 1n;
const DT_STRTAB = 5n;
const DT_STRSZ = 10n;

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: bigint;
  readonly sizeBytes: number;
}

function view(bytes: Uint8Array, needBytes: number): DataView {
  if (bytes.length < needBytes) throw new RangeError('The ELF file ends too early.');
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

async function readSegments(read: ReadAt): Promise<readonly Segment[]> {
  const header = view(await read(0, 64), 64);
  // "\x7FELF", 64-bit, little-endian: what the supported interpreters are.
  const isElf64 = header.getUint32(0) === 0x7f454c46 && header.getUint16(4) === 0x0201;
  if (!isElf64) throw new RangeError('Not a 64-bit ELF file.');
  const [tableOffset, entryBytes, count] = [
    Number(header.getBigUint64(32, true)),
    header.getUint16(54, true),
    header.getUint16(56, true),
  ];
  if (entryBytes !== 56 || count > maxHeaders) throw new RangeError('The ELF program headers are out of bounds.');
  const table = view(await read(tableOffset, count * entryBytes), count * entryBytes);
  return Array.from({ length: count }, (_, index) => {
    const at = index * entryBytes;
    return {
      type: table.getUint32(at, true),
      offset: Number(table.getBigUint64(at + 8, true)),
      address: table.getBigUint64(at + 16, true),
      sizeBytes: Number(table.getBigUint64(at + 32, true)),
    };
  });
}

function fileOffset(segments: readonly Segment[], address: bigint): number {
  const segment = segments.find(
    ({ type, address: start, sizeBytes }) =>
      type === PT_LOAD && address >= start && address < start + BigInt(sizeBytes),
  );
  if (segment === undefined) throw new RangeError('An ELF address is in no segment.');
  return segment.offset + Number(address - segment.address);
}

function stringAt(table: Uint8Array, offset: number): string {
  const end = table.indexOf(0, offset);
  if (end < 0) throw new RangeError('An ELF string has no end.');
  return new TextDecoder().decode(table.subarray(offset, end));
}

/**
 * The shared libraries that an executable asks the loader for (DT_NEEDED).
 * @throws RangeError for anything but a well-formed 64-bit little-endian ELF file.
 */
export async function neededLibraries(read: ReadAt): Promise<readonly string[]> {
  const segments = await readSegments(read);
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
  if (dynamic === undefined) return [];
  if (dynamic.sizeBytes > maxDynamicBytes) throw new RangeError('The ELF dynamic section is out of bounds.');
  const table = view(await read(dynamic.offset, dynamic.sizeBytes), dynamic.sizeBytes);
  const entries = Array.from({ length: Math.floor(dynamic.sizeBytes / 16) }, (_, index) => ({
    tag: table.getBigInt64(index * 16, true),
    value: table.getBigUint64(index * 16 + 8, true),
  }));
  const valueOf = (tag: bigint): bigint | undefined => entries.find((entry) => entry.tag === tag)?.value;
  const [address, sizeBytes] = [valueOf(DT_STRTAB), Number(valueOf(DT_STRSZ) ?? 0n)];
  if (address === undefined) throw new RangeError('The ELF string table is absent.');
  if (sizeBytes > maxStringBytes) throw new RangeError('The ELF string table is out of bounds.');
  const strings = await read(fileOffset(segments, address), sizeBytes);
  return entries.filter(({ tag }) => tag === DT_NEEDED).map(({ value }) => stringAt(strings, Number(value)));
}
