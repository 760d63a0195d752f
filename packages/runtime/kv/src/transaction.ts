import type { WriteSet } from '@enclos/ledger';
import type { KvLook } from './look.ts';

/**
 * A map inside a transaction. Keys and values are bytes. A value that it gives is the caller's own copy. What takes long where
 * there are many keys, or large values, takes a `look` that may end it.
 */
export interface KvMap {
  readonly name: string;
  /** The number of keys. It is kept, not counted. */
  readonly size: number;
  has(key: Uint8Array): boolean;
  get(key: Uint8Array, look?: KvLook): Uint8Array | undefined;
  /** The seqno of the last committed write of this key; undefined where the key is absent. This transaction's own writes do not count. */
  versionOfPreviousWrite(key: Uint8Array): number | undefined;
  set(key: Uint8Array, value: Uint8Array, look?: KvLook): void;
  /** Removes a key, if it is there. Whether it was is not told: that would make the transaction depend on it. */
  delete(key: Uint8Array): void;
  clear(look?: KvLook): void;
  /** Calls `visit` for each key until it returns false. What `visit` writes does not change what is visited. */
  forEach(visit: KvVisit, look?: KvLook): void;
}

/** What is done with an entry: false ends the visit. */
export type KvVisit = (value: Uint8Array, key: Uint8Array) => boolean | void;

/** One transaction: reads see one version of the store and the transaction's own writes. */
export interface KvTransaction {
  /** The seqno whose state it reads. */
  readonly readVersion: number;
  /** The map of this name. A map exists when something was written to it; before, it is empty. */
  map(name: string): KvMap;
  /** What it would change now. Empty for a transaction that only read. */
  writeSet(): WriteSet;
}
