import type { MapChanges, MapWrite } from '@enclos/ledger';
import type { MapState, State } from './state.ts';
import { TouchedKeys, type TouchedKey } from './touched.ts';
import type { KvMap } from './transaction.ts';

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

/** A map of an open transaction: the state at its version, under its own writes. */
export class OpenMap implements KvMap {
  readonly name: string;
  readonly #scope: TransactionScope;
  readonly #touched = new TouchedKeys();
  /** The map's version when all of it was read. */
  #wholeVersion: number | undefined;

  constructor(name: string, scope: TransactionScope) {
    this.name = name;
    this.#scope = scope;
  }

  get size(): number {
    this.#scope.requireOpen();
    const map = this.#readWhole();
    let size = map === undefined ? 0 : this.#sizeBefore(map);
    for (const touched of this.#touched.all) {
      if (!touched.isWritten) continue;
      const wasThere = this.#seen(touched.hash, touched.key) !== 0;
      size += Number(touched.value !== undefined) - Number(wasThere);
    }
    return size;
  }

  has(key: Uint8Array): boolean {
    const touched = this.#touch(key);
    return touched.isWritten ? touched.value !== undefined : this.#read(touched) !== 0;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const touched = this.#touch(key);
    if (touched.isWritten) return touched.value?.slice();
    const record = this.#read(touched);
    return record === 0 ? undefined : this.#scope.state.records.value(record);
  }

  versionOfPreviousWrite(key: Uint8Array): number | undefined {
    const record = this.#read(this.#touch(key));
    return record === 0 ? undefined : this.#scope.state.records.version(record);
  }

  set(key: Uint8Array, value: Uint8Array): void {
    this.#scope.requireValue(value);
    const touched = this.#touch(key);
    this.#scope.charge(value.length - (touched.value?.length ?? 0), 0);
    touched.isWritten = true;
    touched.value = value.slice();
  }

  delete(key: Uint8Array): void {
    const touched = this.#touch(key);
    this.#scope.charge(-(touched.value?.length ?? 0), 0);
    touched.isWritten = true;
    touched.value = undefined;
  }

  clear(): void {
    this.forEach((_value, key) => this.delete(key));
  }

  forEach(visit: (value: Uint8Array, key: Uint8Array) => boolean | void): void {
    this.#scope.requireOpen();
    const map = this.#readWhole();
    const written = new Map<TouchedKey, Uint8Array | undefined>();
    for (const touched of this.#touched.all) if (touched.isWritten) written.set(touched, touched.value);
    this.#scope.holding(() => {
      if (map !== undefined && !this.#visitState(map, written, visit)) return;
      for (const [{ key }, value] of written) {
        if (value !== undefined && visit(value.slice(), key.slice()) === false) return;
      }
    });
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

  #sizeBefore(map: MapState): number {
    const { state, readVersion } = this.#scope;
    if (map.version <= readVersion) return map.size;
    let size = 0;
    for (const newest of map.table.references()) if (state.seenFrom(newest, readVersion) !== 0) size++;
    return size;
  }

  #visitState(
    map: MapState,
    written: ReadonlyMap<TouchedKey, unknown>,
    visit: (value: Uint8Array, key: Uint8Array) => boolean | void,
  ): boolean {
    const { state, readVersion } = this.#scope;
    for (const newest of map.table.references()) {
      const record = state.seenFrom(newest, readVersion);
      if (record === 0) continue;
      const key = state.records.key(record).slice();
      const touched = written.size === 0 ? undefined : this.#touched.find(state.hash(key), key);
      if (touched !== undefined && written.has(touched)) continue;
      if (visit(state.records.value(record) ?? new Uint8Array(), key) === false) return false;
    }
    return true;
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
