import { utf8 } from '@enclos/codec';

export interface GoFileOptions {
  readonly version?: string;
  /** Lines of the settings. */
  readonly settings?: readonly string[];
  readonly magic?: string;
  readonly flags?: number;
  readonly section?: string;
  /** What the section holds instead. */
  readonly content?: Uint8Array;
}

const headerBytes = 64;

/** An ELF file with the section in which Go says how a program was built, and the one of the names. */
export function goFile(options: GoFileOptions = {}): Uint8Array {
  const { section = '.go.buildinfo', content = buildInformation(options) } = options;
  const names = utf8(`\0${section}\0.shstrtab\0`);
  const tableAt = headerBytes + content.length + names.length;
  const bytes = new Uint8Array(tableAt + 3 * headerBytes);
  bytes.set(content, headerBytes);
  bytes.set(names, headerBytes + content.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x7f454c46);
  view.setUint16(4, 0x0201);
  view.setBigUint64(40, BigInt(tableAt), true);
  for (const [at, value] of [
    [58, headerBytes],
    [60, 3],
    [62, 2],
  ] as const) {
    view.setUint16(at, value, true);
  }
  const sections = [
    { name: 1, offset: headerBytes, size: content.length },
    { name: section.length + 2, offset: headerBytes + content.length, size: names.length },
  ];
  for (const [i, { name, offset, size }] of sections.entries()) {
    const at = tableAt + (i + 1) * headerBytes;
    view.setUint32(at, name, true);
    view.setUint32(at + 4, 1, true);
    view.setBigUint64(at + 24, BigInt(offset), true);
    view.setBigUint64(at + 32, BigInt(size), true);
  }
  return bytes;
}

function buildInformation({
  version = 'go1.24.4',
  settings = [],
  magic = '\xff Go buildinf:',
  flags = 2,
}: GoFileOptions): Uint8Array {
  const head = new Uint8Array(32);
  head.set(Uint8Array.from(magic, (character) => character.charCodeAt(0)));
  head[14] = 8;
  head[15] = flags;
  const marks = 'x'.repeat(16);
  return Uint8Array.from([
    ...head,
    ...text(version),
    ...text(`${marks}${settings.map((line) => `${line}\n`).join('')}${marks}`),
  ]);
}

function text(value: string): number[] {
  const bytes = [...utf8(value)];
  const length = bytes.length < 128 ? [bytes.length] : [(bytes.length & 0x7f) | 0x80, bytes.length >> 7];
  return [...length, ...bytes];
}
