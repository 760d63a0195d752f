import { equalBytes } from '@enclos/codec';
import type { MerkleTree } from '../tree/merkle-tree.ts';
import { Level } from '../tree/level.ts';
import type { TransactionId } from '../write-set.ts';
import type { EntryPlace, LedgerPlace } from './report.ts';

/**
 * The transactions since the last signature, to name one that was changed. They follow each other without a gap. A ledger has very many
 * transactions, so that they are kept as numbers and digests in a row.
 */
export class RecentTransactions {
  readonly #leaves = new Level();
  readonly #views: number[] = [];
  readonly #offsets: number[] = [];
  /** Each file with the index of its first transaction here. */
  #files: { readonly name: string; readonly from: number }[] = [];
  #first = 0;

  get length(): number {
    return this.#leaves.end;
  }

  /** The seqno of the first of them. */
  get first(): number | undefined {
    return this.length === 0 ? undefined : this.#first;
  }

  push({ view, seqno }: TransactionId, leaf: Uint8Array, { file, offset }: EntryPlace): void {
    if (this.length === 0) this.#first = seqno;
    if (this.#files.at(-1)?.name !== file) this.#files.push({ name: file, from: this.length });
    this.#leaves.push(leaf);
    this.#views.push(view);
    this.#offsets.push(offset);
  }

  clear(): void {
    this.#leaves.cut(0);
    this.#views.length = 0;
    this.#offsets.length = 0;
    this.#files = [];
  }

  /** The places of those whose leaves are others in `tree`. */
  otherThan(tree: MerkleTree): readonly Required<LedgerPlace>[] {
    const places: Required<LedgerPlace>[] = [];
    for (let index = 0; index < this.length; index++) {
      const seqno = this.#first + index;
      if (seqno < tree.flushed || seqno >= tree.size) continue;
      if (!equalBytes(tree.leaf(seqno), this.#leaves.view(index))) places.push(this.#placeOf(index));
    }
    return places;
  }

  #placeOf(index: number): Required<LedgerPlace> {
    return {
      file: this.#files.findLast(({ from }) => from <= index)?.name ?? '',
      offset: this.#offsets[index] ?? 0,
      transactionId: { view: this.#views[index] ?? 0, seqno: this.#first + index },
    };
  }
}
