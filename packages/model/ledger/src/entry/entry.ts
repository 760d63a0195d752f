import { ByteReader } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { digestBytes, type GcmKey } from '../digests.ts';
import { invalid, within } from '../within.ts';
import type { TransactionId, WriteSet } from '../write-set.ts';
import { readFrame, type EntryFrame } from './frame.ts';
import { readMaps } from './maps.ts';

/** Types of entries (CCF, src/kv/serialised_entry_format.h). Current ledgers hold type 4 only. */
export const entryTypes = Object.freeze({
  writeSet: 0,
  snapshot: 1,
  withClaims: 2,
  withCommitEvidence: 3,
  withCommitEvidenceAndClaims: 4,
});

/** The type of a transaction's entry. */
export type TransactionType = 0 | 2 | 3 | 4;

/** The entry of one transaction. All bytes are views of the entry's own. */
export interface LedgerEntry extends TransactionId, EntryFrame {
  readonly type: TransactionType;
  /** What the application claims; of types 2 and 4. 32 bytes, zeros for no claim. */
  readonly claimsDigest?: Uint8Array;
  /** The digest of the commit evidence; of types 3 and 4. 32 bytes. */
  readonly commitEvidenceDigest?: Uint8Array;
  /** The last version that the transaction conflicts with. Zero in current ledgers. */
  readonly conflictVersion: number;
  /** The public maps, as bytes: see `publicWrites`. */
  readonly publicMaps: Uint8Array;
}

export const hasClaims = (type: TransactionType): boolean => type === 2 || type === 4;
export const hasCommitEvidence = (type: TransactionType): boolean => type === 3 || type === 4;

/**
 * Reads one entry of a ledger: header and body.
 *
 * @throws LEDGER_INVALID for bytes that are not exactly one transaction's entry.
 * @example publicWrites(readEntry(bytes)).map(({ name }) => name)
 */
export function readEntry(bytes: Uint8Array): LedgerEntry {
  const frame = readFrame(bytes);
  return within('The public domain of an entry', () => {
    const reader = new ByteReader(frame.publicDomain);
    const type = reader.u8();
    if (!isTransactionType(type)) throw invalid(`An entry has type ${type}, which is not one of a transaction.`);
    const seqno = reader.safeU64();
    const view = readView(frame, seqno);
    const claims = hasClaims(type) ? { claimsDigest: reader.view(digestBytes) } : {};
    const evidence = hasCommitEvidence(type) ? { commitEvidenceDigest: reader.view(digestBytes) } : {};
    const conflictVersion = reader.safeU64();
    const publicMaps = reader.view(reader.remaining);
    return { ...frame, type, view, seqno, ...claims, ...evidence, conflictVersion, publicMaps };
  });
}

function isTransactionType(type: number): type is TransactionType {
  return type === 0 || (type >= 2 && type <= 4);
}

/** The IV holds the transaction's identifier, for which the AAD vouches only in part: the seqno stands in both. */
function readView({ iv }: EntryFrame, seqno: number): number {
  const fields = new ByteReader(iv);
  const ivSeqno = fields.safeU64();
  const view = fields.u32();
  if (ivSeqno !== seqno) throw invalid(`An entry has seqno ${seqno}, and its IV has ${ivSeqno}.`);
  if (view >= 2 ** 31) throw invalid(`The IV of entry ${seqno} is that of a snapshot.`);
  return view;
}

/**
 * What a transaction wrote to public maps. Keys and values are views of the entry.
 *
 * @param only Only maps of these names are given.
 * @throws LEDGER_INVALID for maps of another form.
 */
export function publicWrites(entry: LedgerEntry, only?: ReadonlySet<string>): WriteSet {
  return readMaps(entry.publicMaps, only);
}

/**
 * What a transaction wrote to private maps.
 *
 * @param key The ledger secret of the entry's seqno.
 * @throws LEDGER_SECRET_WRONG when the private part does not decrypt.
 */
export function privateWrites(entry: LedgerEntry, key: GcmKey): WriteSet {
  const plaintext = key.open(entry.iv, entry.sealed, entry.publicDomain);
  if (plaintext === undefined) {
    throw new EnclosError(
      'LEDGER_SECRET_WRONG',
      `The private part of transaction ${entry.view}.${entry.seqno} does not decrypt.`,
    );
  }
  return readMaps(plaintext);
}
