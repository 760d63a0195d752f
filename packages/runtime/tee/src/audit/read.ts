import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { EnclosError } from '@enclos/errors';
import { auditFiles } from './files.ts';
import { emptyChain, headAfter, parseRecord, type AuditRecord, type ChainHead } from './record.ts';

/** The most that a crash in the middle of a write can leave. */
const maxTornBytes = 1024 * 1024;

export const recoveredEvent = 'audit-recovered';
export const lostEvent = 'audit-lost';

/** The facts in a record of event `audit-recovered` about the torn line before it. */
export function describeTorn(torn: Uint8Array): { readonly tornBytes: number; readonly tornSha256: string } {
  return { tornBytes: torn.length, tornSha256: createHash('sha256').update(torn).digest('hex') };
}

/** Follows the chain through the lines of a log. */
export class ChainReader {
  #head: ChainHead | undefined;
  #firstSeq = 0;
  #torn: Uint8Array | undefined;

  /** Before the first line, the head of an empty log. */
  get head(): ChainHead {
    return this.#head ?? emptyChain;
  }

  /** The number of the first record here: above 1 when the older files are elsewhere. */
  get firstSeq(): number {
    return this.#firstSeq;
  }

  /**
   * @returns undefined for a line that a crash left, which the next line must account for. @throws string, the rule that is
   *   broken
   */
  take(line: Uint8Array): AuditRecord | undefined {
    const record = parseRecord(line);
    if (record === undefined) {
      if (this.#torn !== undefined || line.length > maxTornBytes) broken('the line is not a record');
      this.#torn = line.slice();
      return undefined;
    }
    this.#checkTorn(record);
    this.#checkPlace(record);
    this.#head = headAfter(record.seq, line);
    this.#firstSeq ||= record.seq;
    return record;
  }

  /** @throws string, the rule that is broken */
  finish(): void {
    if (this.#torn !== undefined) broken('the line is not a record, and no later record accounts for it');
  }

  #checkTorn({ event, fields }: AuditRecord): void {
    const torn = this.#torn;
    this.#torn = undefined;
    if (event !== recoveredEvent) {
      if (torn !== undefined) broken('the line before is not a record, and this one does not account for it');
      return;
    }
    const { tornBytes, tornSha256 } = describeTorn(torn ?? new Uint8Array());
    if (fields['tornBytes'] !== tornBytes || fields['tornSha256'] !== tornSha256) {
      broken('the line before is not what the crash left');
    }
  }

  #checkPlace({ seq, prev }: AuditRecord): void {
    if (this.#head === undefined) {
      if (seq === 1 && prev !== emptyChain.hash) broken('the first record names one before it');
      return;
    }
    if (seq !== this.#head.seq + 1) broken(`record ${seq} follows record ${this.#head.seq}`);
    if (prev !== this.#head.hash) broken('the hash of the record before is not the one in this record');
  }
}

/** A broken rule of the chain. The caller, which knows the file and the line, makes an error from it. */
export class BrokenRule extends Error {}

function broken(rule: string): never {
  throw new BrokenRule(rule);
}

export interface AuditLine {
  readonly file: string;
  readonly line: number;
  readonly record: AuditRecord;
}

export interface LogReader {
  readonly chain: ChainReader;
  /** Bytes after the last line feed: being written, or left by a crash after which no platform has started. */
  unfinished: Uint8Array;
  files: number;
}

export function createLogReader(): LogReader {
  return { chain: new ChainReader(), unfinished: new Uint8Array(), files: 0 };
}

/**
 * The records of a log, oldest file first, while its chain holds.
 * @throws PLATFORM_AUDIT_BROKEN with file, line and rule; CLI errors of the file system as they are.
 */
export async function* readLog(path: string, reader: LogReader): AsyncGenerator<AuditLine> {
  const files = await auditFiles(path);
  for (const [i, file] of files.entries()) {
    reader.files += 1;
    yield* readFile(file, i === files.length - 1, reader);
  }
}

async function* readFile(file: string, isLast: boolean, reader: LogReader): AsyncGenerator<AuditLine> {
  let line = 0;
  try {
    let rest: Uint8Array = new Uint8Array();
    // `createReadStream` gives buffers when it has no encoding.
    for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
      let from = 0;
      for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, from)) {
        line += 1;
        const record = reader.chain.take(Buffer.concat([rest, chunk.subarray(from, at)]));
        rest = new Uint8Array();
        from = at + 1;
        if (record !== undefined) yield { file, line, record };
      }
      rest = Buffer.concat([rest, chunk.subarray(from)]);
      if (rest.length > maxTornBytes) broken('the line is not a record');
    }
    line += 1;
    if (rest.length > 0 && !isLast) broken('the file ends within a line');
    if (isLast) reader.unfinished = rest;
    reader.chain.finish();
  } catch (error) {
    throw error instanceof BrokenRule ? brokenAt(file, line, error.message) : error;
  }
}

function brokenAt(file: string, line: number, rule: string): EnclosError {
  return new EnclosError('PLATFORM_AUDIT_BROKEN', `${file}, line ${line}: ${rule}.`, { details: { file, line, rule } });
}
