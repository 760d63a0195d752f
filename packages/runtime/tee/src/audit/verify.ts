import { EnclosError } from '@enclos/errors';
import { createLogReader, lostEvent, readLog, recoveredEvent } from './read.ts';
import type { ChainHead } from './record.ts';

/** The contents of a log whose chain is intact. */
export interface AuditSummary {
  readonly files: number;
  readonly records: number;
  /** Above 1 when older files are missing. 0 in an empty log. */
  readonly firstSeq: number;
  readonly firstTime: string | undefined;
  readonly lastTime: string | undefined;
  /** Keep a copy elsewhere: it fixes every record up to its number. */
  readonly head: ChainHead;
  /** Crashes in the middle of a line, which the next start found. */
  readonly recoveries: number;
  /** Records that the platform could not write and counted. */
  readonly lost: number;
  /** Bytes of a last line that is not finished. */
  readonly unfinishedBytes: number;
}

export interface VerifyAuditOptions {
  /** A head that was noted before: the log must hold exactly that record under that number. */
  readonly anchor?: ChainHead | undefined;
}

/**
 * Follows the chain through all files of a log.
 * @throws PLATFORM_AUDIT_BROKEN
 */
export async function verifyAudit(path: string, { anchor }: VerifyAuditOptions = {}): Promise<AuditSummary> {
  const reader = createLogReader();
  const times: string[] = [];
  const counts = { records: 0, recoveries: 0, lost: 0 };
  let hasAnchor = false;
  for await (const { record } of readLog(path, reader)) {
    counts.records += 1;
    if (record.event === recoveredEvent) counts.recoveries += 1;
    if (record.event === lostEvent) counts.lost += Number(record.fields['count']);
    times[counts.records === 1 ? 0 : 1] = record.time;
    if (record.seq === anchor?.seq) hasAnchor = reader.chain.head.hash === anchor.hash;
  }
  if (reader.files === 0) throw new EnclosError('PLATFORM_AUDIT_BROKEN', `There is no audit log at ${path}.`);
  if (anchor !== undefined && !hasAnchor) {
    throw new EnclosError('PLATFORM_AUDIT_BROKEN', `The log does not hold the record ${anchor.seq} that was noted.`, {
      details: { seq: anchor.seq },
    });
  }
  return Object.freeze({
    files: reader.files,
    ...counts,
    firstSeq: reader.chain.firstSeq,
    firstTime: times[0],
    lastTime: times.at(-1),
    head: reader.chain.head,
    unfinishedBytes: reader.unfinished.length,
  });
}

/** `SEQ:HASH`, as a summary gives it. @returns undefined for another text. */
export function parseAnchor(text: string): ChainHead | undefined {
  const [, seq, hash] = /^([1-9]\d{0,14}):([0-9a-f]{64})$/.exec(text) ?? [];
  return seq === undefined || hash === undefined ? undefined : { seq: Number(seq), hash };
}
