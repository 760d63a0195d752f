import type { EntryContents, LedgerEntry, WriteSet } from '../src/index.ts';

/** What an entry was made of, to make it again. */
export function contentsOf(entry: LedgerEntry, writes: WriteSet): EntryContents {
  const { type, view, seqno, flags, claimsDigest, commitEvidenceDigest, conflictVersion } = entry;
  return { type, view, seqno, flags, claimsDigest, commitEvidenceDigest, conflictVersion, writes };
}
