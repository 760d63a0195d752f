/** Where the bytes of the ledger are. It is not trusted. */
export interface LedgerSource {
  /**
   * How many bytes entries have, with header and body, from a seqno on: one to `most` of them, and none only where there are no more.
   * The table of a chunk says it, so that nothing is read for it.
   */
  lengths(from: number, most: number): Promise<readonly number[]>;
  /** `count` entries, from a seqno on. The bytes must not change afterwards. */
  read(from: number, count: number): Promise<readonly Uint8Array[]>;
}

/** A source of entries in memory, the first of which is that of seqno 1. More may be appended to the array later. */
export function sourceInMemory(entries: readonly Uint8Array[]): LedgerSource {
  const from = (seqno: number, count: number): readonly Uint8Array[] => entries.slice(seqno - 1, seqno - 1 + count);
  return {
    lengths: (seqno, most) => Promise.resolve(from(seqno, most).map(({ length }) => length)),
    read: (seqno, count) => Promise.resolve(from(seqno, count)),
  };
}
