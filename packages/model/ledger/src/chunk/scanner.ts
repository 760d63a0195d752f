import { ByteQueue } from '@enclos/codec';
import { entryHeaderBytes, entrySize } from '../entry/frame.ts';
import { readU32, readU64 } from '../entry/integers.ts';
import { invalid } from '../within.ts';

/** An entry in its chunk. */
export interface ChunkEntry {
  /** Bytes from the begin of the file. */
  readonly offset: number;
  /** Header and body: a view of what was pushed, or a copy where it came in pieces. */
  readonly bytes: Uint8Array;
}

/** How a chunk ended. */
export interface ChunkEnd {
  /** Whether the file has its table of entries, so that nothing more can be added. */
  readonly complete: boolean;
  readonly entries: number;
  /** Bytes of an entry that was not wholly written, at the end of an open chunk. Zero for a whole file. */
  readonly tornBytes: number;
}

export interface ChunkLimits {
  /** The largest entry, in bytes with its header. Default: 64 MiB, the limit of messages of CCF. */
  readonly maxEntryBytes?: number;
}

const fileHeaderBytes = 8;
const tableEntryBytes = 4;
const defaultMaxEntryBytes = 2 ** 26;

/**
 * Reads a chunk in pieces of any size, and holds at most one entry and the places of all.
 * Layout: `u64 table offset, 0 while open | entries | u32 offset of each entry`.
 *
 * @example for (const { offset, bytes } of scanner.push(piece)) use(readEntry(bytes)); … scanner.finish();
 */
export class ChunkScanner {
  readonly #queue = new ByteQueue();
  readonly #offsets: number[] = [];
  readonly #maxEntryBytes: number;
  /** Where the queue begins, from the begin of the file. */
  #at = 0;
  #tableAt: number | undefined;
  #tableRead = 0;

  constructor({ maxEntryBytes = defaultMaxEntryBytes }: ChunkLimits = {}) {
    this.#maxEntryBytes = maxEntryBytes;
  }

  /**
   * The entries that the piece completes. When all were taken, the memory of the piece may be used again.
   *
   * @throws LEDGER_INVALID at what is not of the form, with its offset.
   */
  *push(piece: Uint8Array): Generator<ChunkEntry, void, undefined> {
    this.#queue.push(piece);
    if (this.#tableAt === undefined && this.#queue.length >= fileHeaderBytes) this.#readFileHeader();
    if (this.#tableAt !== undefined) {
      for (let entry = this.#nextEntry(); entry !== undefined; entry = this.#nextEntry()) yield entry;
      if (this.#isInTable()) this.#readTable();
    }
    this.#queue.keep();
  }

  /** @throws LEDGER_INVALID when a complete chunk ends early. */
  finish(): ChunkEnd {
    if (this.#tableAt === undefined) throw invalid(`A chunk of ${this.#queue.length} bytes, which has at least 8.`);
    const complete = this.#tableAt > 0;
    const entries = this.#offsets.length;
    if (complete && (this.#queue.length > 0 || this.#at !== this.#tableAt + tableEntryBytes * entries)) {
      throw invalid(`The chunk ends at offset ${this.#at + this.#queue.length}, before its table of entries does.`);
    }
    return { complete, entries, tornBytes: this.#queue.length };
  }

  #readFileHeader(): void {
    const tableAt = readU64(this.#take(fileHeaderBytes), 0);
    // The offsets of the table have 32 bits.
    if (tableAt !== 0 && (tableAt < fileHeaderBytes || tableAt > 2 ** 32)) {
      throw invalid(`The header of a chunk, at offset 0, places the table at ${tableAt}.`);
    }
    this.#tableAt = tableAt;
  }

  #isInTable(): boolean {
    return this.#at === this.#tableAt || this.#tableRead > 0;
  }

  #nextEntry(): ChunkEntry | undefined {
    if (this.#isInTable() || this.#queue.length < entryHeaderBytes) return undefined;
    const offset = this.#at;
    const size = this.#sizeAt(offset);
    if (this.#queue.length < size) return undefined;
    this.#offsets.push(offset);
    return { offset, bytes: this.#take(size) };
  }

  #sizeAt(offset: number): number {
    const header = this.#queue.peek(entryHeaderBytes);
    if (header[0] !== 1) throw invalid(`The entry at offset ${offset} of the chunk has version ${header[0]}, not 1.`);
    const size = entrySize(header);
    if (size > this.#maxEntryBytes) {
      throw invalid(`The entry at offset ${offset} of the chunk has ${size} bytes, more than ${this.#maxEntryBytes}.`);
    }
    const tableAt = this.#tableAt ?? 0;
    if (tableAt > 0 && offset + size > tableAt) {
      throw invalid(`The entry at offset ${offset} of the chunk reaches into the table at ${tableAt}.`);
    }
    return size;
  }

  #readTable(): void {
    while (this.#queue.length >= tableEntryBytes) {
      const offset = this.#at;
      const named = readU32(this.#take(tableEntryBytes), 0);
      const found = this.#offsets[this.#tableRead];
      if (named !== found) {
        throw invalid(`The table of the chunk, at offset ${offset}, names ${named} instead of ${found ?? 'its end'}.`);
      }
      this.#tableRead++;
    }
  }

  #take(length: number): Uint8Array {
    this.#at += length;
    return this.#queue.take(length);
  }
}

/** The entries of a whole chunk, and how it ends. @throws LEDGER_INVALID */
export function readChunk(
  bytes: Uint8Array,
  limits?: ChunkLimits,
): ChunkEnd & { readonly list: readonly ChunkEntry[] } {
  const scanner = new ChunkScanner(limits);
  const list = [...scanner.push(bytes)];
  return { ...scanner.finish(), list };
}
