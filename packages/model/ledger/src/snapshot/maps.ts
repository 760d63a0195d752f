import { ByteReader, isZero, utf8, type ByteWriter, readSafeU64 } from '@enclos/codec';
import { decodeUtf8 } from '@enclos/codec/text';
import { EnclosError } from '@enclos/errors';
import { invalid, within } from '../within.ts';

/** The state of one map, to be written into a snapshot. */
export interface SnapshotMapContents {
  readonly name: string;
  /** The seqno of the map's last change. */
  readonly version: number;
  /** In any order. They are gone through twice. */
  readonly rows: Iterable<SnapshotRow>;
}

/** The state of one map in a snapshot. */
export interface SnapshotMap extends SnapshotMapContents {
  readonly rows: readonly SnapshotRow[];
}

/** One key of a map. */
export interface SnapshotRow {
  readonly key: Uint8Array;
  /** The seqno of the last write of this key; negative for a key that is removed. */
  readonly version: number;
  readonly value: Uint8Array;
}

const alignment = 8;
const versionBytes = 8;

/** The maps of a domain of a snapshot (CCF, src/kv/untyped_map.h and src/ds/champ_map.h). Bytes are views. */
export function readSnapshotMaps(bytes: Uint8Array): readonly SnapshotMap[] {
  return within('The maps of a snapshot', () => {
    const reader = new ByteReader(bytes);
    const maps: SnapshotMap[] = [];
    while (reader.remaining > 0) {
      const name = decodeUtf8(reader.view(readSafeU64(reader)));
      const version = readVersion(reader);
      maps.push({ name, version, rows: readRows(reader.view(readSafeU64(reader))) });
    }
    return maps;
  });
}

function readRows(bytes: Uint8Array): readonly SnapshotRow[] {
  const reader = new ByteReader(bytes);
  const rows: SnapshotRow[] = [];
  while (reader.remaining > 0) {
    const key = readPadded(reader);
    const stored = readPadded(reader);
    if (stored.length < versionBytes) throw invalid('A value of a snapshot has no version.');
    rows.push({ key, version: readVersion(new ByteReader(stored)), value: stored.subarray(versionBytes) });
  }
  return rows;
}

function readPadded(reader: ByteReader): Uint8Array {
  const length = readSafeU64(reader);
  const bytes = reader.view(length);
  if (!isZero(reader.view(paddingOf(length)))) throw invalid('The padding of a snapshot is not zero.');
  return bytes;
}

/** A version with a sign: the seqnos of a ledger are far below 2^53. */
export function readVersion(reader: ByteReader): number {
  const version = Number(BigInt.asIntN(64, reader.u64()));
  if (!Number.isSafeInteger(version)) throw invalid('A version of a snapshot is not a seqno.');
  return version;
}

export function writeVersion(writer: ByteWriter, version: number): void {
  if (!Number.isSafeInteger(version)) throw new EnclosError('CODEC_OUT_OF_RANGE', 'A version is not a seqno.');
  writer.u64(BigInt.asUintN(64, BigInt(version)));
}

/** Writes maps as `readSnapshotMaps` reads them. */
export function writeSnapshotMaps(writer: ByteWriter, maps: readonly SnapshotMapContents[]): void {
  for (const { name, version, rows } of maps) {
    const nameBytes = utf8(name);
    writer.u64(BigInt(nameBytes.length)).bytes(nameBytes);
    writeVersion(writer, version);
    let size = 0;
    for (const row of rows) size += rowBytes(row);
    writer.u64(BigInt(size));
    for (const row of rows) writeRow(writer, row);
  }
}

function writeRow(writer: ByteWriter, { key, version, value }: SnapshotRow): void {
  writer.u64(BigInt(key.length)).bytes(key).zeros(paddingOf(key.length));
  writer.u64(BigInt(versionBytes + value.length));
  writeVersion(writer, version);
  writer.bytes(value).zeros(paddingOf(value.length));
}

function rowBytes({ key, value }: SnapshotRow): number {
  return 16 + versionBytes + key.length + paddingOf(key.length) + value.length + paddingOf(value.length);
}

function paddingOf(length: number): number {
  return (alignment - (length % alignment)) % alignment;
}
