import type { WriteSet } from '@enclos/ledger';
import { halfSipHash, type HashKey } from './records/hash.ts';
import { KeyTable } from './records/key-table.ts';
import { Records } from './records/records.ts';

/** One map: the newest record of each key. */
export interface MapState {
  readonly number: number;
  readonly name: string;
  readonly table: KeyTable;
  /** The seqno of the newest change; zero for a map that does not exist. */
  version: number;
  /** Keys whose newest record has a value. */
  size: number;
}

/**
 * What a seqno changed, to be undone: for each map its number, its version and size before, how many records it has here, and
 * their numbers. It is one flat list because thousands of them live for a while, and each object more is one more to collect.
 */
type Undo = readonly number[];
/** The numbers of a map before those of its records. */
const headNumbers = 4;

/** In bytes, about: the list, its place, and eight bytes for each number. */
const undoBytes = 100;
const mapBytes = 300;

/**
 * Maps with the versions of their keys, newest first. Versions stay until `forget` says that the store will not
 * ask for what was before a seqno.
 */
export class State {
  readonly records = new Records();
  readonly #hashKey: HashKey;
  readonly #maps = new Map<string, MapState>();
  readonly #byNumber: MapState[] = [];
  readonly #undo = new Map<number, Undo>();
  #forgotten: number;
  #tableBytes = 0;
  #undoBytes = 0;

  /** @param version the seqno before the first that is applied */
  constructor(hashKey: HashKey, version: number) {
    this.#hashKey = hashKey;
    this.#forgotten = version;
  }

  get heldBytes(): number {
    return this.records.heldBytes + this.#tableBytes + this.#undoBytes;
  }

  map(name: string): MapState | undefined {
    return this.#maps.get(name);
  }

  /** Every map that was ever written to, in no order that means anything. */
  maps(): Iterable<MapState> {
    return this.#byNumber;
  }

  hash(key: Uint8Array): number {
    return halfSipHash(this.#hashKey, key);
  }

  /** The newest record of a key, or zero. */
  newest(map: MapState, hash: number, key: Uint8Array): number {
    const slot = this.#find(map, hash, key);
    return slot === -1 ? 0 : map.table.referenceAt(slot);
  }

  /** From the newest record of a key, that which a reader at this seqno sees: zero if the key is absent there. */
  seenFrom(newest: number, at: number): number {
    let record = newest;
    while (record !== 0 && this.records.version(record) > at) record = this.records.previous(record);
    return record === 0 || this.records.isRemoval(record) ? 0 : record;
  }

  /**
   * How many keys a map had at a seqno that is not forgotten: what the first change after it says that it had before. The cost is
   * that of the seqnos since, not of the keys.
   */
  sizeAt(map: MapState, at: number): number {
    let { version, size } = map;
    while (version > at) {
      const undo = this.#undo.get(version) ?? [];
      let place = 0;
      while (place < undo.length && undo[place] !== map.number) place = endOfMap(undo, place);
      version = undo[place + 1] ?? 0;
      size = undo[place + 2] ?? 0;
    }
    return size;
  }

  /** Applies what a transaction changes, as a seqno after all others. */
  apply(seqno: number, writeSet: WriteSet): void {
    const undo: number[] = [];
    for (const { name, writes, removes } of writeSet) {
      const map = this.#maps.get(name) ?? this.#create(name);
      undo.push(map.number, map.version, map.size, writes.length + removes.length);
      map.version = seqno;
      for (const [key, value] of writes) undo.push(this.#put(map, seqno, key, value));
      for (const key of removes) undo.push(this.#put(map, seqno, key, undefined));
    }
    this.#undo.set(seqno, undo);
    this.#undoBytes += undoBytes + 8 * undo.length;
  }

  /** A map of a snapshot, which the state does not have yet. */
  load(name: string, version: number): MapState {
    const map = this.#create(name);
    map.version = version;
    return map;
  }

  /** An entry of a snapshot, which nothing undoes. @returns Whether the key was not there. */
  loadEntry(map: MapState, written: number, key: Uint8Array, value: Uint8Array): boolean {
    const isNew = this.newest(map, this.hash(key), key) === 0;
    if (isNew) this.#put(map, written, key, value);
    return isNew;
  }

  /** Undoes the newest seqno. */
  undo(seqno: number): void {
    const undo = this.#take(seqno);
    for (let at = 0; at < undo.length;) {
      const map = this.#mapOf(undo[at] ?? 0);
      map.version = undo[at + 1] ?? 0;
      const begin = at + headNumbers;
      const end = endOfMap(undo, at);
      for (let record = end - 1; record >= begin; record--) this.#undoRecord(map, undo[record] ?? 0);
      at = end;
    }
    this.records.tidy();
  }

  /** Drops what was before this seqno: the store does not ask for it again. */
  forget(seqno: number): void {
    if (seqno <= this.#forgotten) return;
    while (this.#forgotten < seqno) this.#forget(this.#take(++this.#forgotten));
    this.records.tidy();
  }

  #forget(undo: Undo): void {
    for (let at = 0; at < undo.length;) {
      const map = this.#mapOf(undo[at] ?? 0);
      const end = endOfMap(undo, at);
      for (let record = at + headNumbers; record < end; record++) this.#forgetBefore(map, undo[record] ?? 0);
      at = end;
    }
  }

  #create(name: string): MapState {
    const map = { number: this.#byNumber.length, name, table: new KeyTable(), version: 0, size: 0 };
    this.#maps.set(name, map);
    this.#byNumber.push(map);
    this.#tableBytes += mapBytes + map.table.heldBytes;
    return map;
  }

  #put(map: MapState, seqno: number, key: Uint8Array, value: Uint8Array | undefined): number {
    const hash = this.hash(key);
    const slot = this.#find(map, hash, key);
    const before = slot === -1 ? 0 : map.table.referenceAt(slot);
    const record = this.records.add(key, value, { version: seqno, previous: before });
    map.size += this.#counts(record) - this.#counts(before);
    if (slot === -1) this.#resizing(map, () => map.table.add(hash, record));
    else map.table.replace(slot, record);
    return record;
  }

  #undoRecord(map: MapState, record: number): void {
    const before = this.records.previous(record);
    const slot = this.#slotOf(map, record);
    map.size += this.#counts(before) - this.#counts(record);
    if (before === 0) this.#resizing(map, () => map.table.remove(slot));
    else map.table.replace(slot, before);
    this.records.remove(record);
  }

  /** Drops the versions before a record; and it too where it is the newest, and says that the key is not there. */
  #forgetBefore(map: MapState, record: number): void {
    for (let before = this.records.previous(record); before !== 0;) {
      const next = this.records.previous(before);
      this.records.remove(before);
      before = next;
    }
    this.records.setPrevious(record, 0);
    if (!this.records.isRemoval(record)) return;
    const slot = this.#slotOf(map, record);
    if (map.table.referenceAt(slot) !== record) return;
    this.#resizing(map, () => map.table.remove(slot));
    this.records.remove(record);
  }

  #take(seqno: number): Undo {
    const undo = this.#undo.get(seqno);
    if (undo === undefined) return [];
    this.#undo.delete(seqno);
    this.#undoBytes -= undoBytes + 8 * undo.length;
    return undo;
  }

  #counts(record: number): number {
    return record === 0 || this.records.isRemoval(record) ? 0 : 1;
  }

  #mapOf(number: number): MapState {
    const map = this.#byNumber[number];
    if (map === undefined) throw new RangeError('No map has this number.');
    return map;
  }

  #slotOf(map: MapState, record: number): number {
    const key = this.records.key(record);
    return this.#find(map, this.hash(key), key);
  }

  #find(map: MapState, hash: number, key: Uint8Array): number {
    const { table } = map;
    for (let slot = table.start(hash); ; slot = table.next(slot)) {
      const record = table.referenceAt(slot);
      if (record === 0) return -1;
      if (table.hashAt(slot) === hash && this.records.hasKey(record, key)) return slot;
    }
  }

  #resizing(map: MapState, change: () => void): void {
    const before = map.table.heldBytes;
    change();
    this.#tableBytes += map.table.heldBytes - before;
  }
}

/** Where the next map of what undoes a seqno begins. */
function endOfMap(undo: Undo, at: number): number {
  return at + headNumbers + (undo[at + headNumbers - 1] ?? 0);
}
