import type { MapChanges, MapWrite } from '@enclos/ledger';
import { copyOf, Pace, type KvLook } from './look.ts';
import type { MapState, State } from './state.ts';
import { TouchedKeys, type TouchedKey, type OwnWrite } from './touched.ts';
import type { KvMap, KvVisit } from './transaction.ts';

/** What the maps of a transaction need of it. */
export interface TransactionScope {
  readonly readVersion: number;
  readonly state: State;
  /** @throws KV_CONFLICT, KV_MISUSED */
  requireOpen(): void;
  /** @throws KV_TOO_LARGE */
  requireKey(key: Uint8Array): void;
  requireValue(value: Uint8Array): void;
  /** Counts bytes that the transaction comes to hold. @throws KV_TOO_LARGE before they are taken. */
  charge(bytes: number, keys: number): void;
  /** While `visit` runs the store does not change. */
  holding(visit: () => void): void;
}

/** Shared by all maps that no call visits: a list for each would slow short transactions down. */
const none: readonly Map<TouchedKey, OwnWrite>[] = [];

/** A map of an open transaction: the state at its version, under its own writes. */
export class OpenMap implements KvMap {
  readonly name: string;
  readonly #scope: TransactionScope;
  readonly #touched = new TouchedKeys();
  /** The map's version when all of it was read. */
  #wholeVersion: number | undefined;
  #isWritten = false;
  /** Keys that the transaction's own writes add, less those that they remove. */
  #added = 0;
  /** What stood in keys when a visit that runs now began, for those that were written since: to copy all of them would take long. */
  #visits: readonly Map<TouchedKey, OwnWrite>[] = none;

  constructor(name: string, scope: TransactionScope) {
    this.name = name;
    this.#scope = scope;
  }

  get size(): number {
    this.#scope.requireOpen();
    const map = this.#readWhole();
    const before = map === undefined ? 0 : this.#scope.state.sizeAt(map, this.#scope.readVersion);
    return before + this.#added;
  }

  has(key: Uint8Array): boolean {
    const touched = this.#touch(key);
    return touched.isWritten ? touched.value !== undefined : this.#read(touched) !== 0;
  }

  get(key: Uint8Array, look?: KvLook): Uint8Array | undefined {
    const touched = this.#touch(key);
    const value = touched.isWritten ? touched.value : this.#valueOf(this.#read(touched));
    return value === undefined ? undefined : copyOf(value, look);
  }

  versionOfPreviousWrite(key: Uint8Array): number | undefined {
    const record = this.#read(this.#touch(key));
    return record === 0 ? undefined : this.#scope.state.records.version(record);
  }

  set(key: Uint8Array, value: Uint8Array, look?: KvLook): void {
    this.#scope.requireValue(value);
    const touched = this.#touch(key);
    this.#scope.charge(value.length - (touched.value?.length ?? 0), 0);
    this.#write(touched, copyOf(value, look));
  }

  delete(key: Uint8Array): void {
    this.#remove(this.#touch(key));
  }

  clear(look?: KvLook): void {
    this.#scope.requireOpen();
    const map = this.#readWhole();
    const pace = new Pace(look);
    this.#scope.holding(() => {
      for (const touched of this.#touched.all) {
        if (touched.value !== undefined) this.#remove(touched);
        pace.entry(0);
      }
      this.#eachSeen(map, pace, (_record, key) => this.delete(key));
    });
  }

  forEach(visit: KvVisit, look?: KvLook): void {
    this.#scope.requireOpen();
    const map = this.#readWhole();
    const before = new Map<TouchedKey, OwnWrite>();
    const outer = this.#visits;
    this.#visits = [...outer, before];
    try {
      this.#scope.holding(() => this.#visit(map, before, { visit, look }));
    } finally {
      this.#visits = outer;
    }
  }

  /** What the ledger records of this map; undefined where nothing was written. Keys are in the order of their bytes, as in CCF. */
  changes(): MapChanges | undefined {
    const written = this.#touched.all.filter(({ isWritten }) => isWritten);
    if (written.length === 0) return undefined;
    if (written.length > 1) written.sort((a, b) => compareBytes(a.key, b.key));
    const writes: MapWrite[] = [];
    const removes: Uint8Array[] = [];
    for (const { key, value } of written) {
      if (value === undefined) removes.push(key);
      else writes.push([key, value]);
    }
    return { name: this.name, readVersion: 0, writes, removes };
  }

  /** Whether all that was read is still so. */
  isCurrent(): boolean {
    const map = this.#map();
    const { records } = this.#scope.state;
    if (this.#wholeVersion !== undefined && this.#wholeVersion !== (map?.version ?? 0)) return false;
    for (const { hash, key, readVersion } of this.#touched.all) {
      if (readVersion === undefined) continue;
      const newest = map === undefined ? 0 : this.#scope.state.newest(map, hash, key);
      const version = newest === 0 || records.isRemoval(newest) ? 0 : records.version(newest);
      if (version !== readVersion) return false;
    }
    return true;
  }

  #map(): MapState | undefined {
    return this.#scope.state.map(this.name);
  }

  #touch(key: Uint8Array): TouchedKey {
    this.#scope.requireOpen();
    this.#scope.requireKey(key);
    const hash = this.#scope.state.hash(key);
    const known = this.#touched.find(hash, key);
    if (known !== undefined) return known;
    this.#scope.charge(key.length, 1);
    return this.#touched.add(hash, key);
  }

  /** The record that is seen, or zero, with a note that the transaction depends on it. */
  #read(touched: TouchedKey): number {
    const record = this.#seen(touched.hash, touched.key);
    touched.readVersion ??= record === 0 ? 0 : this.#scope.state.records.version(record);
    return record;
  }

  #seen(hash: number, key: Uint8Array): number {
    const { state, readVersion } = this.#scope;
    const map = this.#map();
    return map === undefined ? 0 : state.seenFrom(state.newest(map, hash, key), readVersion);
  }

  #readWhole(): MapState | undefined {
    const map = this.#map();
    // A version after the transaction's own is one that it has not read.
    this.#wholeVersion ??= (map?.version ?? 0) > this.#scope.readVersion ? -1 : (map?.version ?? 0);
    return map;
  }

  #visit(
    map: MapState | undefined,
    before: ReadonlyMap<TouchedKey, OwnWrite>,
    { visit, look }: { readonly visit: KvVisit; readonly look: KvLook | undefined },
  ): void {
    const { state } = this.#scope;
    const pace = new Pace(look);
    const touchedBefore = this.#touched.all.length;
    const isWhole = this.#eachSeen(map, pace, (record, key) => {
      const touched = this.#isWritten ? this.#touched.find(state.hash(key), key) : undefined;
      if (touched !== undefined && (before.get(touched) ?? touched).isWritten) return true;
      const value = this.#valueOf(record) ?? new Uint8Array();
      pace.bytes(value.length);
      return visit(copyOf(value, look), key.slice());
    });
    if (!isWhole || !this.#isWritten) return;
    for (let at = 0; at < touchedBefore; at++) {
      const touched = this.#touched.all[at];
      const value = touched && (before.get(touched) ?? touched).value;
      pace.entry(value?.length ?? 0);
      if (touched === undefined || value === undefined) continue;
      if (visit(copyOf(value, look), touched.key.slice()) === false) return;
    }
  }

  /**
   * Gives the records that the transaction sees, whatever it has written itself, with their keys, which are not copies.
   *
   * @returns Whether `take` never returned false, which ends it.
   */
  #eachSeen(map: MapState | undefined, pace: Pace, take: (record: number, key: Uint8Array) => boolean | void): boolean {
    if (map === undefined) return true;
    const { state, readVersion } = this.#scope;
    for (const newest of map.table.references()) {
      const record = state.seenFrom(newest, readVersion);
      if (record === 0) {
        pace.entry(0);
        continue;
      }
      const key = state.records.key(record);
      pace.entry(key.length);
      if (take(record, key) === false) return false;
    }
    return true;
  }

  #valueOf(record: number): Uint8Array | undefined {
    return record === 0 ? undefined : this.#scope.state.records.value(record);
  }

  #remove(touched: TouchedKey): void {
    this.#scope.charge(-(touched.value?.length ?? 0), 0);
    this.#write(touched, undefined);
  }

  #write(touched: TouchedKey, value: Uint8Array | undefined): void {
    const { isWritten, value: previous } = touched;
    for (const before of this.#visits) if (!before.has(touched)) before.set(touched, { isWritten, value: previous });
    // What the transaction sees beneath its own writes stays as it is, so that the difference is counted once.
    const wasThere = isWritten ? previous !== undefined : this.#seen(touched.hash, touched.key) !== 0;
    this.#added += Number(value !== undefined) - Number(wasThere);
    this.#isWritten = true;
    touched.isWritten = true;
    touched.value = value;
  }
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
