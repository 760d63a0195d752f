export interface ElfFileOptions {
  readonly needed?: readonly string[];
  /** The program that loads it. */
  readonly loader?: string;
  /** Default: x86-64. */
  readonly machine?: number;
  /** Something that makes one file differ from another. */
  readonly note?: string;
}

const headerBytes = 64;
const segmentBytes = 56;
const base = 0x1000n;

/** A 64-bit little-endian file with one PT_LOAD of everything, one PT_DYNAMIC, and PT_INTERP when it has a loader. */
export function elfFile({ needed = [], loader, machine = 62, note = '' }: ElfFileOptions = {}): Uint8Array {
  const segmentCount = loader === undefined ? 2 : 3;
  const dynamicAt = headerBytes + segmentCount * segmentBytes;
  const stringsAt = dynamicAt + (needed.length + 3) * 16;
  const strings = `\0${needed.map((name) => `${name}\0`).join('')}`;
  const loaderAt = stringsAt + strings.length;
  const tail = loader === undefined ? '' : `${loader}\0`;
  const text = new TextEncoder().encode(`${strings}${tail}${note}`);
  const bytes = new Uint8Array(stringsAt + text.length);
  bytes.set(text, stringsAt);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x7f454c46);
  view.setUint16(4, 0x0201);
  view.setUint16(18, machine, true);
  view.setBigUint64(32, BigInt(headerBytes), true);
  view.setUint16(54, segmentBytes, true);
  view.setUint16(56, segmentCount, true);
  const segments = [
    { type: 1, offset: 0, size: bytes.length },
    { type: 2, offset: dynamicAt, size: stringsAt - dynamicAt },
    { type: 3, offset: loaderAt, size: tail.length },
  ].slice(0, segmentCount);
  for (const [index, { type, offset, size }] of segments.entries()) {
    const at = headerBytes + index * segmentBytes;
    view.setUint32(at, type, true);
    view.setBigUint64(at + 8, BigInt(offset), true);
    view.setBigUint64(at + 16, base + BigInt(offset), true);
    view.setBigUint64(at + 32, BigInt(size), true);
  }
  const entries: [bigint, bigint][] = [
    [5n, base + BigInt(stringsAt)],
    [10n, BigInt(strings.length)],
    ...needed.map((name): [bigint, bigint] => [1n, BigInt(strings.indexOf(`\0${name}\0`) + 1)]),
    [0n, 0n],
  ];
  for (const [index, [tag, value]] of entries.entries()) {
    view.setBigUint64(dynamicAt + index * 16, tag, true);
    view.setBigUint64(dynamicAt + index * 16 + 8, value, true);
  }
  return bytes;
}
