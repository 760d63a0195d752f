/** A 64-bit little-endian file with one PT_LOAD of everything and one PT_DYNAMIC. */
export function elf(libraries: readonly string[]): Uint8Array {
  const [dynamicAt, stringsAt] = [64 + 2 * 56, 64 + 2 * 56 + (libraries.length + 3) * 16];
  const strings = `\0${libraries.map((name) => `${name}\0`).join('')}`;
  const bytes = new Uint8Array(stringsAt + strings.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x7f454c46);
  view.setUint16(4, 0x0201);
  view.setBigUint64(32, 64n, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, 2, true);
  const segments = [
    { type: 1, offset: 0, address: 0x1000n, size: bytes.length },
    { type: 2, offset: dynamicAt, address: 0x1000n + BigInt(dynamicAt), size: stringsAt - dynamicAt },
  ];
  for (const [index, { type, offset, address, size }] of segments.entries()) {
    const at = 64 + index * 56;
    view.setUint32(at, type, true);
    view.setBigUint64(at + 8, BigInt(offset), true);
    view.setBigUint64(at + 16, address, true);
    view.setBigUint64(at + 32, BigInt(size), true);
  }
  const entries: [bigint, bigint][] = [
    [5n, 0x1000n + BigInt(stringsAt)],
    [10n, BigInt(strings.length)],
    ...libraries.map((name): [bigint, bigint] => [1n, BigInt(strings.indexOf(`\0${name}\0`) + 1)]),
    [0n, 0n],
  ];
  for (const [index, [tag, value]] of entries.entries()) {
    view.setBigUint64(dynamicAt + index * 16, tag, true);
    view.setBigUint64(dynamicAt + index * 16 + 8, value, true);
  }
  bytes.set(new TextEncoder().encode(strings), stringsAt);
  return bytes;
}
