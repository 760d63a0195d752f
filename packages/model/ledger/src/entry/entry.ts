import { EnclosError } from '@enclos/errors';
import { digestBytes, type GcmKey } from '../digests.ts';
import { invalid } from '../within.ts';
import type { TransactionId, WriteSet } from '../write-set.ts';
import { EntryFrame, publicAt } from './frame.ts';
import { readU64 } from './integers.ts';
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

/** The entry of one transaction. All bytes are views of the entry's own, made when they are asked for. */
export class LedgerEntry extends EntryFrame implements TransactionId {
  readonly type: TransactionType;
  readonly view: number;
  readonly seqno: number;
  /** The last version that the transaction conflicts with. Zero in current ledgers. */
  readonly conflictVersion: number;

  /** See `readEntry`. */
  constructor(bytes: Uint8Array) {
    super(bytes);
    const type = bytes[publicAt];
    const headEnd = publicAt + headBytes(type);
    if (!isTransactionType(type)) throw invalid(`An entry has type ${type}, which is not one of a transaction.`);
    if (headEnd > this.privateAt) throw invalid('The public domain of an entry ends before its maps.');
    this.type = type;
    this.seqno = readU64(bytes, publicAt + 1);
    this.view = this.ivTerm;
    this.conflictVersion = readU64(bytes, headEnd - 8);
    if (!Number.isSafeInteger(this.seqno)) throw invalid('The seqno of an entry is above 2^53 - 1.');
    if (!Number.isSafeInteger(this.conflictVersion)) throw invalid('A version of an entry is above 2^53 - 1.');
    // The IV holds the transaction's identifier, and the seqno stands in the public domain too.
    if (this.ivSeqno !== this.seqno) throw invalid(`An entry has seqno ${this.seqno}, and its IV has ${this.ivSeqno}.`);
    if (this.view >= 2 ** 31) throw invalid(`The IV of entry ${this.seqno} is that of a snapshot.`);
  }

  /** What the application claims; of types 2 and 4. 32 bytes, zeros for no claim. */
  get claimsDigest(): Uint8Array | undefined {
    return hasClaims(this.type) ? this.#digest(0) : undefined;
  }

  /** The digest of the commit evidence; of types 3 and 4. 32 bytes. */
  get commitEvidenceDigest(): Uint8Array | undefined {
    return hasCommitEvidence(this.type) ? this.#digest(hasClaims(this.type) ? 1 : 0) : undefined;
  }

  get hasPublicMaps(): boolean {
    return publicAt + headBytes(this.type) < this.privateAt;
  }

  /** The public maps, as bytes: see `publicWrites`. */
  get publicMaps(): Uint8Array {
    return this.bytes.subarray(publicAt + headBytes(this.type), this.privateAt);
  }

  #digest(index: number): Uint8Array {
    const at = publicAt + 9 + index * digestBytes;
    return this.bytes.subarray(at, at + digestBytes);
  }
}

/** Bytes of a public domain before its maps: type, seqno, digests, conflict version. */
export function headBytes(type: number | undefined): number {
  const digests = type === 4 ? 2 : type === 0 ? 0 : 1;
  return 17 + digests * digestBytes;
}

export const hasClaims = (type: TransactionType): boolean => type === 2 || type === 4;
export const hasCommitEvidence = (type: TransactionType): boolean => type === 3 || type === 4;

function isTransactionType(type: number | undefined): type is TransactionType {
  return type === 0 || type === 2 || type === 3 || type === 4;
}

/**
 * Reads one entry of a ledger: header and body.
 *
 * @throws LEDGER_INVALID for bytes that are not exactly one transaction's entry.
 * @example publicWrites(readEntry(bytes)).map(({ name }) => name)
 */
export function readEntry(bytes: Uint8Array): LedgerEntry {
  return new LedgerEntry(bytes);
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
