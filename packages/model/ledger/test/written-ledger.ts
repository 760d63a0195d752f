import { concatBytes, toHex, utf8 } from '@enclos/codec';
import {
  ChunkFile,
  serialiseTree,
  type ChunkCut,
  type LedgerTransaction,
  type LedgerWriter,
  type WrittenEntry,
} from '../src/index.ts';

/** Does with files in memory what the writer says. */
export class LedgerFiles {
  readonly files = new Map<string, Uint8Array>();

  store({ bytes, place, closedBefore, closed }: WrittenEntry): void {
    this.#close(closedBefore);
    const held = place.begins ? ChunkFile.openHeader : this.#take(place.name);
    if (held.length !== place.offset) throw new Error(`${place.name} has ${held.length} bytes, not ${place.offset}.`);
    this.files.set(place.name, concatBytes(held, bytes));
    this.#close(closed);
  }

  cut({ removed, cut }: ChunkCut): void {
    for (const name of removed) this.#take(name);
    if (cut === undefined) return;
    const held = this.#take(cut.from).slice(0, cut.size);
    held.set(ChunkFile.openHeader);
    this.files.set(cut.to, held);
  }

  rename({ from, to }: { readonly from: string; readonly to: string }): void {
    this.files.set(to, this.#take(from));
  }

  /** In the order of the ledger. */
  list(): readonly (readonly [string, Uint8Array])[] {
    const first = (name: string): number => Number(/\d+/.exec(name)?.[0]);
    return [...this.files].toSorted(([a], [b]) => first(a) - first(b));
  }

  #close(closed: WrittenEntry['closed']): void {
    if (closed === undefined) return;
    const held = this.#take(closed.from);
    held.set(closed.header);
    this.files.set(closed.to, concatBytes(held, closed.table));
  }

  #take(name: string): Uint8Array {
    const held = this.files.get(name);
    if (held === undefined) throw new Error(`There is no file ${name}.`);
    this.files.delete(name);
    return held;
  }
}

/** A signature without keys: the root that one covers, and the tree. */
export function signatureOf(writer: LedgerWriter, view: number): LedgerTransaction {
  const key = new Uint8Array(8);
  const root = utf8(JSON.stringify({ root: toHex(writer.tree.root()) }));
  const tree = serialiseTree(writer.tree, writer.tree.flushed);
  return {
    view,
    isSignature: true,
    writes: [
      { name: 'public:ccf.internal.signatures', readVersion: 0, writes: [[key, root]], removes: [] },
      { name: 'public:ccf.internal.tree', readVersion: 0, writes: [[key, tree]], removes: [] },
    ],
  };
}
