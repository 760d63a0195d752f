/** What the name of a snapshot file says (CCF, src/snapshots/filenames.h). */
export interface SnapshotName {
  readonly seqno: number;
  /** The seqno of the transaction that wrote the evidence. */
  readonly evidenceSeqno: number;
  readonly committed: boolean;
}

const form = /^snapshot_(\d{1,16})_(\d{1,16})(\.committed)?$/;

/** Reads the name of a snapshot. Undefined for the name of another file. */
export function parseSnapshotName(name: string): SnapshotName | undefined {
  const match = form.exec(name);
  if (match === null) return undefined;
  const [seqno, evidenceSeqno] = [Number(match[1]), Number(match[2])];
  if (!Number.isSafeInteger(evidenceSeqno) || evidenceSeqno <= seqno) return undefined;
  return { seqno, evidenceSeqno, committed: match[3] !== undefined };
}

/** @example snapshotName({ seqno: 99, evidenceSeqno: 100, committed: true }) // snapshot_99_100.committed */
export function snapshotName({ seqno, evidenceSeqno, committed }: SnapshotName): string {
  return `snapshot_${seqno}_${evidenceSeqno}${committed ? '.committed' : ''}`;
}
