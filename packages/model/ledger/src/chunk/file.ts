import { EnclosError } from '@enclos/errors';
import { writeU32, writeU64 } from '../entry/integers.ts';

/** What a chunk that is being written consists of, without its entries' bytes: their places. */
export class ChunkFile {
  /** The seqno of the first entry. */
  readonly first: number;
  readonly #offsets: number[] = [];
  /** Bytes so far, with the header. */
  #size = 8;

  constructor(first: number) {
    this.first = first;
  }

  /** The first bytes of a file that is open: no table yet. */
  static readonly openHeader: Uint8Array = new Uint8Array(8);

  get size(): number {
    return this.#size;
  }

  /** The seqno of the last entry; below `first` for a chunk without entries. */
  get last(): number {
    return this.first + this.#offsets.length - 1;
  }

  /** Takes an entry of `bytes` bytes. @returns where it goes. @throws CODEC_OUT_OF_RANGE for a chunk above 4 GiB. */
  add(bytes: number): number {
    const offset = this.#size;
    if (offset >= 2 ** 32) throw new EnclosError('CODEC_OUT_OF_RANGE', 'A chunk has at most 4 GiB.');
    this.#offsets.push(offset);
    this.#size += bytes;
    return offset;
  }

  /** Forgets the entries above `last`, as a file that is cut to `size`. */
  retract(last: number): void {
    const kept = Math.max(0, last - this.first + 1);
    this.#size = this.#offsets[kept] ?? this.#size;
    this.#offsets.length = Math.min(kept, this.#offsets.length);
  }

  /** What completes the file: the table goes after the entries, the header over the first 8 bytes. */
  complete(): { readonly header: Uint8Array; readonly table: Uint8Array } {
    const header = new Uint8Array(8);
    writeU64(header, 0, this.#size);
    const table = new Uint8Array(4 * this.#offsets.length);
    for (const [index, offset] of this.#offsets.entries()) writeU32(table, 4 * index, offset);
    return { header, table };
  }
}
