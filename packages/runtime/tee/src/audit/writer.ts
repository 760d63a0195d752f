import { EnclosError, isEnclosError } from '@enclos/errors';
import { openAppendFile, type AppendFile } from './append-file.ts';
import { lockAudit } from './lock.ts';
import {
  BrokenRule,
  createLogReader,
  describeTorn,
  lostEvent,
  readLog,
  recoveredEvent,
  type LogReader,
} from './read.ts';
import { encodeRecord, headAfter, parseRecord, type AuditEvent, type ChainHead } from './record.ts';

export interface AuditWriterOptions {
  readonly now?: () => Date;
  /** A file that has reached this size is rotated. Default 16 MiB. */
  readonly maxFileBytes?: number;
  /** For tests of a disk that is full. */
  readonly openFile?: (path: string) => Promise<AppendFile>;
}

/** Appends to a log, one process at a time. */
export interface AuditWriter {
  /**
   * Resolves when the event is on the disk. Before that the caller must not act on it, or must not reveal the result.
   * @throws PLATFORM_AUDIT_FAILED; then the event is not in the log.
   */
  record(event: AuditEvent): Promise<void>;
  /** For events that have happened and cannot be refused: kept until the log can be written, or counted as lost. */
  note(event: AuditEvent): void;
  /** Writes what is waiting, as far as possible. */
  close(): Promise<void>;
}

const defaultMaxFileBytes = 16 * 1024 * 1024;
const maxNotes = 1024;
/** Records that are written and synced together. */
const maxBatch = 512;
const retryAfterMs = 1000;

/**
 * Opens a log and continues its chain; a line that a crash cut off is marked by a record.
 * @throws PLATFORM_AUDIT_BUSY, PLATFORM_AUDIT_BROKEN, PLATFORM_AUDIT_FAILED
 */
export async function openAuditWriter(path: string, options: AuditWriterOptions = {}): Promise<AuditWriter> {
  const unlock = await lockAudit(path);
  try {
    const reader = createLogReader();
    // Reading checks the chain: nothing is added to a log that was changed.
    for await (const _ of readLog(path, reader));
    const file = await (options.openFile ?? openAppendFile)(path);
    const head = await endLastLine(file, reader, options);
    return new ChainedWriter({ file, head, unlock, options });
  } catch (error) {
    await unlock();
    if (error instanceof BrokenRule) {
      throw new EnclosError('PLATFORM_AUDIT_BROKEN', `${path}, last line: ${error.message}.`);
    }
    throw isEnclosError(error) ? error : failed(error);
  }
}

/** A crash may have cut off the last line: this ends it, and a record after it describes it. */
async function endLastLine(
  file: AppendFile,
  { chain, unfinished }: LogReader,
  { now = () => new Date() }: AuditWriterOptions,
): Promise<ChainHead> {
  if (unfinished.length === 0) return chain.head;
  if (parseRecord(unfinished) !== undefined) {
    // Only the line feed is missing.
    chain.take(unfinished);
    await file.append(Buffer.from('\n'));
    return chain.head;
  }
  const line = encodeRecord(chain.head, now(), { event: recoveredEvent, ...describeTorn(unfinished) });
  await file.append(Buffer.from(`\n${line}\n`));
  return headAfter(chain.head.seq + 1, line);
}

interface WriterInit {
  readonly file: AppendFile;
  readonly head: ChainHead;
  readonly unlock: () => Promise<void>;
  readonly options: AuditWriterOptions;
}

interface Entry {
  readonly event: AuditEvent;
  readonly time: Date;
  /** Absent for a note. */
  readonly settle?: (error?: EnclosError) => void;
}

class ChainedWriter implements AuditWriter {
  readonly #file: AppendFile;
  readonly #unlock: () => Promise<void>;
  readonly #now: () => Date;
  readonly #maxFileBytes: number;
  #head: ChainHead;
  #queue: Entry[] = [];
  /** Notes that found no room. */
  #lost = 0;
  #isWriting = false;
  #idle: (() => void)[] = [];
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor({ file, head, unlock, options }: WriterInit) {
    this.#file = file;
    this.#head = head;
    this.#unlock = unlock;
    this.#now = options.now ?? (() => new Date());
    this.#maxFileBytes = options.maxFileBytes ?? defaultMaxFileBytes;
  }

  record(event: AuditEvent): Promise<void> {
    if (this.#isClosed) return Promise.reject(failed(new Error('The log is closed.')));
    return new Promise((resolve, reject) => {
      const settle = (error?: EnclosError): void => (error === undefined ? resolve() : reject(error));
      this.#queue.push({ event, time: this.#now(), settle });
      void this.#drain();
    });
  }

  note(event: AuditEvent): void {
    if (this.#isClosed) return;
    this.#keep([{ event, time: this.#now() }]);
    void this.#drain();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    if (this.#isWriting) await new Promise<void>((resolve) => this.#idle.push(resolve));
    await this.#drain();
    clearTimeout(this.#retry);
    await this.#file.close();
    await this.#unlock();
  }

  /** Everything that arrived while the last batch was being written is written together. */
  async #drain(): Promise<void> {
    if (this.#isWriting) return;
    this.#isWriting = true;
    let isWritten = true;
    while (isWritten && (this.#queue.length > 0 || this.#lost > 0)) {
      isWritten = await this.#write(this.#queue.splice(0, maxBatch));
    }
    this.#isWriting = false;
    for (const resolve of this.#idle.splice(0)) resolve();
    if (!isWritten) this.#retryLater();
  }

  async #write(batch: readonly Entry[]): Promise<boolean> {
    const lost = this.#lost;
    const { text, head, written } = this.#encode(batch, lost);
    try {
      if (text !== '') await this.#file.append(Buffer.from(text));
    } catch (error) {
      this.#refuse(written, failed(error));
      return false;
    }
    this.#head = head;
    this.#lost -= lost;
    for (const { settle } of written) settle?.();
    // A file that cannot be rotated keeps growing: the next append opens it again.
    if (this.#file.sizeBytes >= this.#maxFileBytes) await this.#file.rotate().catch(() => undefined);
    return true;
  }

  #encode(batch: readonly Entry[], lost: number) {
    let head = this.#head;
    let text = '';
    const written: Entry[] = [];
    const lostNote: Entry = { event: { event: lostEvent, count: lost }, time: this.#now() };
    for (const entry of lost > 0 ? [lostNote, ...batch] : batch) {
      try {
        const line = encodeRecord(head, entry.time, entry.event);
        head = headAfter(head.seq + 1, line);
        text += `${line}\n`;
        if (entry !== lostNote) written.push(entry);
      } catch (error) {
        if (entry.settle === undefined) this.#lost += 1;
        else entry.settle(failed(error));
      }
    }
    return { text, head, written };
  }

  /** No caller waits for more than one attempt at the disk; events that cannot be refused stay in the queue. */
  #refuse(batch: readonly Entry[], error: EnclosError): void {
    const all = [...batch, ...this.#queue];
    this.#queue = [];
    this.#keep(all.filter(({ settle }) => settle === undefined));
    for (const { settle } of all) settle?.(error);
  }

  #keep(notes: readonly Entry[]): void {
    for (const note of notes) {
      if (this.#queue.length < maxNotes) this.#queue.push(note);
      else this.#lost += 1;
    }
  }

  #retryLater(): void {
    clearTimeout(this.#retry);
    if (this.#isClosed || (this.#queue.length === 0 && this.#lost === 0)) return;
    this.#retry = setTimeout(() => void this.#drain(), retryAfterMs).unref();
  }
}

function failed(cause: unknown): EnclosError {
  if (isEnclosError(cause, 'PLATFORM_AUDIT_FAILED')) return cause;
  const reason = cause instanceof Error ? `: ${cause.message}` : '';
  return new EnclosError('PLATFORM_AUDIT_FAILED', `The audit log cannot be written${reason}.`, { cause });
}
