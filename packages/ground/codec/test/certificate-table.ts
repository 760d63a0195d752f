import { ByteWriter, concatBytes, fromHex } from '../src/index.ts';

/** A certificate table as hosts write it (AMD 56421, GHCB, section 4.1.8.1). */
export function certificateTable(
  entries: readonly { readonly guid: string; readonly content: Uint8Array }[],
): Uint8Array {
  const header = new ByteWriter();
  let at = (entries.length + 1) * 24;
  for (const { guid, content } of entries) {
    header
      .bytes(fromHex(guid.replaceAll('-', '')))
      .u32(at)
      .u32(content.length);
    at += content.length;
  }
  return concatBytes(header.zeros(24).finish(), ...entries.map(({ content }) => content));
}
