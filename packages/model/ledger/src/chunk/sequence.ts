import { ChunkFile } from './file.ts';
import { chunkName } from './names.ts';

/** Where an entry goes. The steps that are there come before its bytes are written. */
export interface ChunkPlace {
  /** The name of the file. */
  readonly name: string;
  /** Bytes from the begin of the file. */
  readonly offset: number;
  /** Whether the file begins with this entry: `ChunkFile.openHeader` comes first. */
  readonly begins: boolean;
}

/** A chunk that takes no more entries: the table is appended, the header is written over the first 8 bytes, and it is renamed. */
export interface ClosedChunk {
  readonly from: string;
  readonly to: string;
  readonly header: Uint8Array;
  readonly table: Uint8Array;
}

/** What going back does to files, in this order. */
export interface ChunkCut {
  readonly removed: readonly string[];
  /** A file that is cut to `size` bytes, gets `ChunkFile.openHeader` over its first bytes, and is renamed. */
  readonly cut?: { readonly from: string; readonly to: string; readonly size: number };
}

/** The chunks of a ledger that are not committed, as they are written one after the other. It says what to do with files. */
export class ChunkSequence {
  /** Ascending. The last is open where `#isOpen`. */
  #chunks: ChunkFile[] = [];
  #isOpen = false;
  readonly #recovery: boolean;

  /** @param recovery Whether the service is recovering: names end in `.recovery`. */
  constructor({ recovery = false }: { readonly recovery?: boolean } = {}) {
    this.#recovery = recovery;
  }

  /** Bytes of the open chunk; zero where there is none. */
  get size(): number {
    return this.#isOpen ? (this.#chunks.at(-1)?.size ?? 0) : 0;
  }

  /** Takes an entry. */
  add(seqno: number, bytes: number): ChunkPlace {
    const begins = !this.#isOpen;
    if (begins) this.#chunks.push(new ChunkFile(seqno));
    this.#isOpen = true;
    const chunk = this.#chunks.at(-1) ?? new ChunkFile(seqno);
    return { name: this.#name(chunk, false), offset: chunk.add(bytes), begins };
  }

  /** Closes the open chunk. Undefined where none is open. */
  close(): ClosedChunk | undefined {
    const chunk = this.#chunks.at(-1);
    if (!this.#isOpen || chunk === undefined) return undefined;
    this.#isOpen = false;
    return { from: this.#name(chunk, false), to: this.#name(chunk, true), ...chunk.complete() };
  }

  /** Everything up to `seqno` is committed. @returns the files to rename. */
  commit(seqno: number): readonly { readonly from: string; readonly to: string }[] {
    const isDone = (chunk: ChunkFile, index: number): boolean =>
      chunk.last <= seqno && (!this.#isOpen || index < this.#chunks.length - 1);
    const done = this.#chunks.filter(isDone);
    this.#chunks = this.#chunks.filter((chunk, index) => !isDone(chunk, index));
    return done.map((chunk) => ({ from: this.#name(chunk, true), to: this.#name(chunk, true, true) }));
  }

  /** Goes back to `seqno`, which is not below what is committed. */
  retract(seqno: number): ChunkCut {
    const removed = this.#chunks.filter(({ first }) => first > seqno);
    const names = removed.map((chunk) => this.#name(chunk, chunk !== this.#chunks.at(-1) || !this.#isOpen));
    const wasOpen = this.#isOpen && removed.length === 0;
    this.#chunks = this.#chunks.filter(({ first }) => first <= seqno);
    const chunk = this.#chunks.at(-1);
    this.#isOpen = wasOpen;
    if (chunk === undefined || chunk.last <= seqno) return { removed: names };
    const from = this.#name(chunk, !wasOpen);
    chunk.retract(seqno);
    this.#isOpen = true;
    return { removed: names, cut: { from, to: this.#name(chunk, false), size: chunk.size } };
  }

  #name({ first, last }: ChunkFile, closed: boolean, committed = false): string {
    return chunkName({ first, ...(closed ? { last } : {}), committed, recovery: this.#recovery, ignored: false });
  }
}
