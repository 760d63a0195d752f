/** A program header, with what a test changes of it. */
export interface ProgramSegment {
  readonly type: number;
  readonly flags: number;
  readonly offset?: number;
  readonly address?: bigint;
  readonly sizeBytes?: number;
  readonly memoryBytes?: bigint;
}

export interface ProgramFileOptions {
  /** Default: x86-64. */
  readonly machine?: number;
  /** Default: ET_EXEC, 2. */
  readonly type?: number;
  /** Default: where its code is. */
  readonly entry?: bigint;
  /** Default: {@link programSegments}. */
  readonly segments?: readonly ProgramSegment[];
  /** Tags and values of a dynamic section, which is made if there are any. */
  readonly dynamic?: readonly (readonly [tag: bigint, value: bigint])[];
}

const pageBytes = 4096;
const base = 0x40_0000n;
const segmentBytes = 56;
const codeAddress = base + BigInt(pageBytes);

/** Code at one page, data at the next, and a stack that is not executable: the segments of a small program that keeps all rules. */
export const programSegments: Readonly<Record<'code' | 'data' | 'stack', ProgramSegment>> = Object.freeze({
  code: { type: 1, flags: 5, offset: pageBytes, address: codeAddress, sizeBytes: 64 },
  data: { type: 1, flags: 6, offset: 2 * pageBytes, address: base + 2n * BigInt(pageBytes), sizeBytes: 8 },
  stack: { type: 0x6474_e551, flags: 6 },
});

/** exit_group(7): `mov edi, 7; mov eax, 231; syscall`, or `mov x0, #7; mov x8, #94; svc #0`. */
const code: Readonly<Record<number, readonly number[]>> = {
  62: [0xbf, 7, 0, 0, 0, 0xb8, 231, 0, 0, 0, 0x0f, 0x05],
  183: [0xe0, 0x00, 0x80, 0xd2, 0xc8, 0x0b, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4],
};

/** A static 64-bit program that ends at once with the exit code 7. */
export function programFile(options: ProgramFileOptions = {}): Uint8Array {
  const { machine = 62, type = 2, entry = codeAddress, dynamic = [] } = options;
  const dynamicAt = pageBytes + 512;
  const segments = [...(options.segments ?? Object.values(programSegments))];
  if (dynamic.length > 0) segments.push({ type: 2, flags: 4, offset: dynamicAt, sizeBytes: (dynamic.length + 1) * 16 });
  const bytes = new Uint8Array(2 * pageBytes + 8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x7f45_4c46);
  bytes.set([2, 1, 1], 4);
  view.setUint16(16, type, true);
  view.setUint16(18, machine, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(24, entry, true);
  view.setBigUint64(32, 64n, true);
  view.setUint16(52, 64, true);
  view.setUint16(54, segmentBytes, true);
  view.setUint16(56, segments.length, true);
  for (const [index, segment] of segments.entries()) {
    const at = 64 + index * segmentBytes;
    const { offset = 0, address = 0n, sizeBytes = 0, memoryBytes = BigInt(sizeBytes) } = segment;
    view.setUint32(at, segment.type, true);
    view.setUint32(at + 4, segment.flags, true);
    for (const [field, value] of [BigInt(offset), address, address, BigInt(sizeBytes), memoryBytes].entries()) {
      view.setBigUint64(at + 8 + field * 8, value, true);
    }
    view.setBigUint64(at + 48, segment.type === 1 ? BigInt(pageBytes) : 8n, true);
  }
  bytes.set(code[machine] ?? [], pageBytes);
  for (const [index, [tag, value]] of dynamic.entries()) {
    view.setBigInt64(dynamicAt + index * 16, tag, true);
    view.setBigUint64(dynamicAt + index * 16 + 8, value, true);
  }
  return bytes;
}
