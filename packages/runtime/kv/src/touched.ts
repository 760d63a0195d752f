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

/** That of 2 ** 32, made odd: neighbours come to lie far apart (Knuth, The Art of Computer Programming, 6.4). */
const goldenRatio = 0x9e37_79b1;
/** So few are found by looking at each. */
const fewKeys = 8;

/** So many are in one table. */
const someKeys = 2 ** 15;
/** Further keys are in tables by the first bits of their hashes: a table of all would take 20 ms when it grows. */
const partBits = 6;

/** The keys that a transaction has touched in one map. */
export class TouchedKeys {
  readonly all: TouchedKey[] = [];
  #table: KeyTable | undefined;
  #parts: KeyTable[] | undefined;

  find(hash: number, key: Uint8Array): TouchedKey | undefined {
    const table = this.#table;
    if (table === undefined) return this.all.find((touched) => touched.hash === hash && equalBytes(touched.key, key));
    const found = this.#findIn(table, hash, key);
    if (found !== undefined || this.all.length <= someKeys) return found;
    return this.#findIn(this.#partOf(hash), hash, key);
  }

  /** Adds a key that `find` does not find. */
  add(hash: number, key: Uint8Array): TouchedKey {
    const touched = { hash, key: key.slice(), readVersion: undefined, isWritten: false, value: undefined };
    this.all.push(touched);
    if (this.#table === undefined) {
      if (this.all.length > fewKeys) this.#table = tableOf(this.all);
    } else {
      const table = this.all.length <= someKeys ? this.#table : this.#partOf(hash);
      table.add(scattered(hash), this.all.length);
    }
    return touched;
  }

  #findIn(table: KeyTable, hash: number, key: Uint8Array): TouchedKey | undefined {
    for (let slot = table.start(scattered(hash)); ; slot = table.next(slot)) {
      const touched = this.all[table.referenceAt(slot) - 1];
      if (touched === undefined) return undefined;
      if (touched.hash === hash && equalBytes(touched.key, key)) return touched;
    }
  }

  #partOf(hash: number): KeyTable {
    const parts = (this.#parts ??= []);
    return (parts[hash >>> (32 - partBits)] ??= new KeyTable());
  }
}

function tableOf(all: readonly TouchedKey[]): KeyTable {
  const table = new KeyTable();
  for (const [at, { hash }] of all.entries()) table.add(scattered(hash), at + 1);
  return table;
}

/**
 * A loop over a map touches keys in the order of their hashes in its table. Under the same hashes they would fill a smaller table
 * run by run, and each would be searched for along the runs of all before it: to clear 700 000 keys took 15 s.
 */
function scattered(hash: number): number {
  return Math.imul(hash, goldenRatio) >>> 0;
}
