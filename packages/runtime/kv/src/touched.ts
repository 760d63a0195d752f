import { equalBytes } from '@enclos/codec';
import { KeyTable } from './records/key-table.ts';

/** Whether a transaction has written a key, and what. */
export interface OwnWrite {
  readonly isWritten: boolean;
  /** Undefined where the key was removed. */
  readonly value: Uint8Array | undefined;
}

/** A key that a transaction has read or written in one map. */
export interface TouchedKey {
  readonly hash: number;
  /** The transaction's own copy. */
  readonly key: Uint8Array;
  /** The version that was read: zero where the key was absent, undefined where it was not read. */
  readVersion: number | undefined;
  isWritten: boolean;
  /** What was written: undefined where the key was removed. */
  value: Uint8Array | undefined;
}

/** So few are found by looking at each. */
const fewKeys = 8;

/** The keys that a transaction has touched in one map. */
export class TouchedKeys {
  readonly all: TouchedKey[] = [];
  #table: KeyTable | undefined;

  find(hash: number, key: Uint8Array): TouchedKey | undefined {
    const table = this.#table;
    if (table === undefined) return this.all.find((touched) => touched.hash === hash && equalBytes(touched.key, key));
    for (let slot = table.start(hash); ; slot = table.next(slot)) {
      const touched = this.all[table.referenceAt(slot) - 1];
      if (touched === undefined) return undefined;
      if (touched.hash === hash && equalBytes(touched.key, key)) return touched;
    }
  }

  /** Adds a key that `find` does not find. */
  add(hash: number, key: Uint8Array): TouchedKey {
    const touched = { hash, key: key.slice(), readVersion: undefined, isWritten: false, value: undefined };
    this.all.push(touched);
    if (this.#table !== undefined) this.#table.add(hash, this.all.length);
    else if (this.all.length > fewKeys) this.#table = tableOf(this.all);
    return touched;
  }
}

function tableOf(all: readonly TouchedKey[]): KeyTable {
  const table = new KeyTable();
  for (const [at, { hash }] of all.entries()) table.add(hash, at + 1);
  return table;
}
