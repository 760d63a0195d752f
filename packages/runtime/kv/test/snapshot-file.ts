import { ByteReader, toHex, readSafeU64 } from '@enclos/codec';

/** Maps by name: version, and by key in hex its version and its value in hex. */
export type FileMaps = ReadonlyMap<string, { readonly version: number; readonly entries: ReadonlyMap<string, string> }>;

/**
 * The public maps of a snapshot's file (CCF, src/kv/generic_serialise_wrapper.h and src/ds/champ_map.h). What the tests compare
 * with shares no code with what they test.
 */
export function mapsOfSnapshotFile(file: Uint8Array): FileMaps {
  const entry = new ByteReader(file.subarray(8 + 28));
  const domain = new ByteReader(entry.view(readSafeU64(entry)));
  // The type, the seqno and a version that it does not use; then the root and the views.
  domain.view(17);
  domain.view(readSafeU64(domain));
  domain.view(readSafeU64(domain));
  const maps = new Map<string, { version: number; entries: Map<string, string> }>();
  while (domain.remaining > 0) {
    const name = Buffer.from(domain.view(readSafeU64(domain))).toString();
    const version = readSafeU64(domain);
    maps.set(name, { version, entries: entriesOf(new ByteReader(domain.view(readSafeU64(domain)))) });
  }
  return maps;
}

function entriesOf(map: ByteReader): Map<string, string> {
  const entries = new Map<string, string>();
  while (map.remaining > 0) {
    const key = toHex(padded(map));
    const value = new ByteReader(padded(map));
    entries.set(key, `${readSafeU64(value)}:${toHex(value.view(value.remaining))}`);
  }
  return entries;
}

/** Bytes after their length, filled up to eight. */
function padded(map: ByteReader): Uint8Array {
  const length = readSafeU64(map);
  const bytes = map.view(length);
  map.view((8 - (length % 8)) % 8);
  return bytes;
}
