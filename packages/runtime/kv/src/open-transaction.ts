import type { MapChanges, WriteSet } from '@enclos/ledger';
import { utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { requireAtMost, touchedKeyBytes, type KvLimits } from './limits.ts';
import { mapKind } from './map-name.ts';
import { OpenMap, type TransactionScope } from './open-map.ts';
import { misused } from './misused.ts';
import type { State } from './state.ts';
import type { KvMap, KvTransaction } from './transaction.ts';

/** The store's side of a transaction. */
export interface TransactionHome {
  readonly state: State;
  readonly limits: KvLimits;
  holding(visit: () => void): void;
}

/** A transaction that the store has begun. */
export class OpenTransaction implements KvTransaction, TransactionScope {
  readonly readVersion: number;
  readonly #home: TransactionHome;
  readonly #maps = new Map<string, OpenMap>();
  #bytes = 0;
  #ended = false;
  #undone = false;

  constructor(home: TransactionHome, readVersion: number) {
    this.#home = home;
    this.readVersion = readVersion;
  }

  get state(): State {
    return this.#home.state;
  }

  map(name: string): KvMap {
    const known = this.#maps.get(name);
    if (known !== undefined) return known;
    // A character takes at least one byte, and at most three.
    if (3 * name.length > this.#home.limits.nameBytes) requireAtMost(this.#home.limits, 'nameBytes', utf8(name).length);
    mapKind(name);
    const map = new OpenMap(name, this);
    this.#maps.set(name, map);
    return map;
  }

  writeSet(): WriteSet {
    const changes: MapChanges[] = [];
    for (const map of this.#maps.values()) {
      const changed = map.changes();
      if (changed !== undefined) changes.push(changed);
    }
    return changes.length < 2 ? changes : changes.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Whether all that it has read is still so. */
  isCurrent(): boolean {
    if (this.#undone) return false;
    for (const map of this.#maps.values()) if (!map.isCurrent()) return false;
    return true;
  }

  get isUndone(): boolean {
    return this.#undone && !this.#ended;
  }

  end(): void {
    this.#ended = true;
  }

  /** The state that it reads was rolled back. */
  undo(): void {
    this.#undone = true;
  }

  requireOpen(): void {
    if (this.#ended) throw misused('The transaction has ended.');
    if (this.#undone) throw new EnclosError('KV_CONFLICT', 'The state that the transaction reads was rolled back.');
  }

  requireKey(key: Uint8Array): void {
    requireAtMost(this.#home.limits, 'keyBytes', key.length);
  }

  requireValue(value: Uint8Array): void {
    requireAtMost(this.#home.limits, 'valueBytes', value.length);
  }

  charge(bytes: number, keys: number): void {
    const charged = this.#bytes + bytes + keys * touchedKeyBytes;
    requireAtMost(this.#home.limits, 'transactionBytes', charged);
    this.#bytes = charged;
  }

  holding(visit: () => void): void {
    this.#home.holding(visit);
  }
}
