import { toHex } from '@enclos/codec';

/** Maps by name: version, and by key in hex the value in hex with its version. */
export type FileMaps = ReadonlyMap<string, { readonly version: number; readonly entries: ReadonlyMap<string, string> }>;

/**
 * The public maps of a snapshot's file, read by nothing but this (CCF, src/kv/generic_serialise_wrapper.h and
 * src/ds/champ_map.h): what the tests compare with shares no code with what they test.
 */
export function mapsOfSnapshotFile(file: Uint8Array): FileMaps {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  let at = 8 + 28;
  const u64 = (): number => {
    at += 8;
    return Number(view.getBigUint64(at - 8, true));
  };
  const bytes = (length: number): Uint8Array => {
    at += length;
    return file.subarray(at - length, at);
  };
  const padded = (): Uint8Array => {
    const read = bytes(u64());
    at += (8 - (read.length % 8)) % 8;
    return read;
  };
  const end = u64() + at;
  at += 1 + 8 + 8;
  bytes(u64());
  bytes(u64());
  const maps = new Map<string, { version: number; entries: Map<string, string> }>();
  while (at < end) {
    const name = Buffer.from(bytes(u64())).toString();
    const version = u64();
    const mapEnd = u64() + at;
    const entries = new Map<string, string>();
    while (at < mapEnd) {
      const key = toHex(padded());
      const value = padded();
      const written = new DataView(value.buffer, value.byteOffset).getBigInt64(0, true);
      entries.set(key, `${written}:${toHex(value.subarray(8))}`);
    }
    maps.set(name, { version, entries });
  }
  return maps;
}
