import { ByteReader, readSafeU64 } from '@enclos/codec';
import { decodeUtf8 } from '@enclos/codec/text';
import { invalid, within } from '../within.ts';
import type { MapChanges, MapWrite, WriteSet } from '../write-set.ts';

/**
 * Reads the maps of a domain (CCF, src/kv/generic_serialise_wrapper.h). Keys and values are views of `bytes`.
 *
 * @param only Only maps of these names are given; the others are checked and passed over.
 * @throws LEDGER_INVALID for bytes of another form.
 */
export function readMaps(bytes: Uint8Array, only?: ReadonlySet<string>): WriteSet {
  return within('The maps of an entry', () => {
    const reader = new ByteReader(bytes);
    const maps: MapChanges[] = [];
    while (reader.remaining > 0) {
      const name = decodeUtf8(reader.view(readSafeU64(reader)));
      if (only === undefined || only.has(name)) maps.push(readMap(name, reader));
      else passMap(reader);
    }
    return maps;
  });
}

function readMap(name: string, reader: ByteReader): MapChanges {
  const readVersion = readHead(name, reader);
  const writes: MapWrite[] = [];
  for (let left = readSafeU64(reader); left > 0; left--) writes.push([readBytes(reader), readBytes(reader)]);
  const removes: Uint8Array[] = [];
  for (let left = readSafeU64(reader); left > 0; left--) removes.push(readBytes(reader));
  return { name, readVersion, writes, removes };
}

function passMap(reader: ByteReader): void {
  readHead('', reader);
  for (let left = 2 * readSafeU64(reader); left > 0; left--) reader.skip(readSafeU64(reader));
  for (let left = readSafeU64(reader); left > 0; left--) reader.skip(readSafeU64(reader));
}

/** A ledger never records what a transaction read: the count is there for other uses of the form. */
function readHead(name: string, reader: ByteReader): number {
  const readVersion = readSafeU64(reader);
  const reads = readSafeU64(reader);
  if (reads !== 0) throw invalid(`The map ${name} of an entry names ${reads} reads. A ledger records none.`);
  return readVersion;
}

function readBytes(reader: ByteReader): Uint8Array {
  return reader.view(readSafeU64(reader));
}
