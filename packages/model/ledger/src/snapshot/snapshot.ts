import { ByteReader, ByteWriter, readSafeU64 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { digestBytes, type GcmKey } from '../digests.ts';
import { entryTypes } from '../entry/entry.ts';
import { entryHeaderBytes, EntryFrame, entrySize, fillSealed, openFrame, publicAt, writeIv } from '../entry/frame.ts';
import { isPrivate } from '../entry/map-writer.ts';
import { invalid, within } from '../within.ts';
import { readSnapshotMaps, readVersion, writeSnapshotMaps, writeVersion } from './maps.ts';
import type { SnapshotMap, SnapshotMapContents } from './maps.ts';

/** The view in the IV of a snapshot: its top bit is set, so that no transaction has the same IV. */
const snapshotTerm = 2 ** 31;
/** More views than a service can have: the list is bounded before it is made. */
const maxViews = 2 ** 20;

/** A snapshot file, without what its domains hold. All bytes are views of the file's own. */
export interface Snapshot {
  /** The entry: its SHA-256 is what the evidence of a snapshot and the claims of its receipt name. */
  readonly entry: EntryFrame;
  /** The state is that after this transaction. */
  readonly seqno: number;
  /** The leaf of that transaction in the Merkle tree (CCF, src/kv/store.h, get_raw_leaf): it joins the snapshot to a ledger. 32 bytes. */
  readonly leaf: Uint8Array;
  /** The first seqno of each view; that of view 1 comes first. */
  readonly viewStarts: readonly number[];
  /** The public maps, as bytes: see `snapshotPublicMaps`. */
  readonly publicMaps: Uint8Array;
  /** What follows the entry: the receipt of the transaction that wrote the evidence; empty before it is committed. */
  readonly receipt: Uint8Array;
}

/** What a snapshot is made of. */
export interface SnapshotContents extends Pick<Snapshot, 'seqno' | 'leaf' | 'viewStarts'> {
  /** Public and private maps. */
  readonly maps: readonly SnapshotMapContents[];
}

/**
 * Reads a snapshot file: an entry of type 1, then the receipt. A snapshot whose receipt is not verified proves nothing.
 *
 * @throws LEDGER_INVALID for bytes of another form.
 * @example snapshotPublicMaps(readSnapshot(bytes)).map(({ name, rows }) => [name, rows.length])
 */
export function readSnapshot(bytes: Uint8Array): Snapshot {
  if (bytes.length < entryHeaderBytes) throw invalid('A snapshot of fewer than 8 bytes.');
  const size = entrySize(bytes);
  if (size > bytes.length) throw invalid(`The entry of a snapshot has ${size} bytes, and the file ${bytes.length}.`);
  const entry = new EntryFrame(bytes.subarray(0, size));
  return within('The public domain of a snapshot', () => {
    const reader = new ByteReader(entry.publicDomain);
    const type = reader.u8();
    if (type !== entryTypes.snapshot) throw invalid(`An entry has type ${type}, which is not that of a snapshot.`);
    const seqno = readSafeU64(reader);
    checkIv(entry, seqno);
    if (readSafeU64(reader) !== 0) throw invalid('A snapshot names a transaction that it conflicts with.');
    if (readSafeU64(reader) !== digestBytes) throw invalid('The leaf of a snapshot has another length than 32.');
    const leaf = reader.view(digestBytes);
    const viewStarts = readViewStarts(reader);
    return { entry, seqno, leaf, viewStarts, publicMaps: reader.view(reader.remaining), receipt: bytes.subarray(size) };
  });
}

function checkIv({ ivSeqno, ivTerm }: EntryFrame, seqno: number): void {
  if (ivSeqno !== seqno || ivTerm !== snapshotTerm) throw invalid('The IV of a snapshot is not that of its seqno.');
}

function readViewStarts(reader: ByteReader): readonly number[] {
  const bytes = readSafeU64(reader);
  if (bytes % 8 !== 0 || bytes > 8 * maxViews) throw invalid(`The views of a snapshot have ${bytes} bytes.`);
  const list = new ByteReader(reader.view(bytes));
  return Array.from({ length: bytes / 8 }, () => readVersion(list));
}

/** The public maps, with their names as they stand. @throws LEDGER_INVALID */
export function snapshotPublicMaps(snapshot: Snapshot): readonly SnapshotMap[] {
  return readSnapshotMaps(snapshot.publicMaps);
}

/**
 * The private maps.
 *
 * @param key The ledger secret of the snapshot's seqno.
 * @throws LEDGER_SECRET_WRONG when they do not decrypt.
 */
export function snapshotPrivateMaps({ entry, seqno }: Snapshot, key: GcmKey): readonly SnapshotMap[] {
  const plaintext = key.open(entry.iv, entry.sealed, entry.publicDomain);
  if (plaintext !== undefined) return readSnapshotMaps(plaintext);
  throw new EnclosError('LEDGER_SECRET_WRONG', `The private part of the snapshot of seqno ${seqno} does not decrypt.`);
}

/** The entry of a snapshot. The file is this, then the receipt of the evidence. @param key The secret at the snapshot's seqno. */
export function encodeSnapshot({ seqno, leaf, viewStarts, maps }: SnapshotContents, key: GcmKey): Uint8Array {
  const writer = new ByteWriter({ sizeHint: 2 ** 16 });
  writer.u8(entryTypes.snapshot);
  writeVersion(writer, seqno);
  writer
    .zeros(8)
    .u64(BigInt(digestBytes))
    .fixed(leaf, digestBytes)
    .u64(BigInt(8 * viewStarts.length));
  for (const start of viewStarts) writeVersion(writer, start);
  writeSnapshotMaps(
    writer,
    maps.filter(({ name }) => !isPrivate(name)),
  );
  const publicDomain = writer.finish();
  const privateWriter = new ByteWriter();
  writeSnapshotMaps(
    privateWriter,
    maps.filter(({ name }) => isPrivate(name)),
  );
  const privateDomain = privateWriter.finish();
  const bytes = openFrame(
    0,
    { public: publicDomain.length, private: privateDomain.length },
    (length) => new Uint8Array(length),
  );
  bytes.set(publicDomain, publicAt);
  fillSealed(bytes, key.seal(writeIv(bytes, seqno, snapshotTerm), privateDomain, publicDomain));
  return bytes;
}
