import type { WriteSet } from '@enclos/ledger';
import { defaultKvLimits, requireRoom, type KvLimits } from './limits.ts';
import { loadMaps } from './load.ts';
import { misused, requireSeqno } from './misused.ts';
import { OpenTransaction } from './open-transaction.ts';
import type { HashKey } from './records/hash.ts';
import { mapsAt, type KvSnapshot } from './snapshot.ts';
import { State } from './state.ts';
import type { KvTransaction } from './transaction.ts';

export interface KvStoreOptions {
  readonly limits?: Partial<KvLimits>;
  /** The seqno before the first that the store will hold. Default: 0. */
  readonly version?: number;
}

/** How a transaction ended. */
export interface KvCommit {
  /** Its place in the ledger; undefined for a transaction that wrote nothing, and took none. */
  readonly seqno: number | undefined;
  readonly writeSet: WriteSet;
}

/**
 * Maps of bytes with transactions that are as if one ran after another. It holds the newest state, and what undoes each seqno
 * after the last that is compacted. Everything is synchronous, and one thread's.
 *
 * @example
 * const store = new KvStore();
 * const transaction = store.begin();
 * transaction.map('records').set(utf8('a'), utf8('1'));
 * store.commit(transaction); // { seqno: 1, writeSet: … }
 */
export class KvStore {
  readonly limits: KvLimits;
  readonly #state: State;
  readonly #home;
  /** In the order in which they began, which is that of their versions. */
  readonly #open = new Set<OpenTransaction>();
  #version: number;
  #compacted: number;
  readonly #reserved = new Set<number>();
  #holders = 0;

  constructor({ limits, version = 0 }: KvStoreOptions = {}) {
    this.limits = { ...defaultKvLimits, ...limits };
    requireSeqno(version);
    this.#version = version;
    this.#compacted = version;
    this.#state = new State(randomHashKey(), version);
    this.#home = { state: this.#state, limits: this.limits, holding: (visit: () => void) => this.#holding(visit) };
  }

  /**
   * A store with the state of a snapshot, after its seqno.
   *
   * @throws KV_FULL, KV_TOO_LARGE, KV_NAME_RESERVED, and KV_MISUSED for versions after the snapshot's, and for a map or key that
   *   is there twice.
   */
  static load(
    { version, maps }: Pick<KvSnapshot, 'version' | 'maps'>,
    options: Pick<KvStoreOptions, 'limits'> = {},
  ): KvStore {
    const store = new KvStore({ ...options, version });
    loadMaps(store.#state, { ...store.limits, version }, maps);
    return store;
  }

  /** The newest seqno. */
  get version(): number {
    return this.#version;
  }

  /** What was committed up to here cannot be rolled back. */
  get compacted(): number {
    return this.#compacted;
  }

  /** All that the store holds outside open transactions, versions of the past included. */
  get heldBytes(): number {
    return this.#state.heldBytes;
  }

  /** The names of the maps that exist, in the order of their characters. */
  mapNames(): readonly string[] {
    return [...this.#state.maps()].flatMap(({ name, version }) => (version === 0 ? [] : [name])).sort();
  }

  /** Begins a transaction that reads the newest state. `commit` or `discard` ends it: until then its version is kept. */
  begin(): KvTransaction {
    const transaction = new OpenTransaction(this.#home, this.#version);
    this.#open.add(transaction);
    return transaction;
  }

  /**
   * Ends a transaction, with the next seqno if it wrote something.
   *
   * @returns undefined where something that it had read has changed: then it did nothing, and may be begun again.
   * @throws KV_FULL, KV_MISUSED. The transaction has ended.
   */
  commit(transaction: KvTransaction): KvCommit | undefined {
    this.#requireStill();
    const open = this.#end(transaction);
    try {
      const writeSet = open.writeSet();
      if (writeSet.length === 0) return { seqno: undefined, writeSet };
      if (!open.isCurrent()) return undefined;
      requireRoom(this.limits, this.#state.heldBytes, writeSet);
      this.#state.apply(this.#version + 1, writeSet);
      return { seqno: ++this.#version, writeSet };
    } finally {
      this.#forget();
    }
  }

  /** Ends a transaction without its writes. One that has ended is left as it is. */
  discard(transaction: KvTransaction): void {
    this.#requireStill();
    if (transaction instanceof OpenTransaction && this.#open.delete(transaction)) {
      transaction.end();
      this.#forget();
    }
  }

  /**
   * Applies the next entry of a ledger, which another node may have executed. An entry that changes nothing takes its place too.
   *
   * @throws KV_FULL, and KV_MISUSED for a seqno that is not the next, or an entry that holds a map twice.
   */
  apply(seqno: number, writeSet: WriteSet): void {
    this.#requireStill();
    if (seqno !== this.#version + 1) {
      throw misused(`Entry ${seqno} does not follow ${this.#version}, the newest of the store.`);
    }
    requireDistinct(writeSet);
    requireRoom(this.limits, this.#state.heldBytes, writeSet);
    this.#state.apply(seqno, writeSet);
    this.#version = seqno;
    this.#forget();
  }

  /**
   * Undoes every seqno after this one. Open transactions that read what is undone end in KV_CONFLICT.
   *
   * @throws KV_MISUSED for a seqno before the last that is compacted, or after the newest.
   */
  rollback(toSeqno: number): void {
    this.#requireStill();
    this.#requireHeld(toSeqno);
    for (const open of this.#open) {
      if (open.readVersion <= toSeqno) continue;
      open.undo();
      this.#open.delete(open);
    }
    while (this.#version > toSeqno) {
      this.#reserved.delete(this.#version);
      this.#state.undo(this.#version--);
    }
    this.#forget();
  }

  /**
   * What was committed up to this seqno stays: what would undo it is dropped, once no open transaction reads it.
   *
   * @throws KV_MISUSED for a seqno before the last that is compacted, after the newest, or not before one that is reserved.
   */
  compact(seqno: number): void {
    this.#requireStill();
    this.#requireHeld(seqno);
    for (const reserved of this.#reserved) {
      if (reserved <= seqno) throw misused(`Seqno ${reserved} is reserved, and its entry is not there yet.`);
    }
    this.#compacted = seqno;
    this.#forget();
  }

  /**
   * Takes the next seqno for an entry that is still being made, such as a signature, while others go on. `fill` must follow, or
   * a rollback: until then nothing is compacted beyond it.
   */
  reserve(): number {
    this.#requireStill();
    this.#reserved.add(++this.#version);
    return this.#version;
  }

  /**
   * Applies the entry of a seqno that was reserved. Only such entries may write its maps.
   *
   * @throws KV_FULL, and KV_MISUSED for another seqno, and for a map that a later seqno has changed.
   */
  fill(seqno: number, writeSet: WriteSet): void {
    this.#requireStill();
    if (!this.#reserved.has(seqno)) throw misused(`Seqno ${seqno} is not reserved.`);
    const later = writeSet.find(({ name }) => (this.#state.map(name)?.version ?? 0) > seqno);
    if (later !== undefined) throw misused(`A later entry than ${seqno} has changed ${later.name}.`);
    requireDistinct(writeSet);
    requireRoom(this.limits, this.#state.heldBytes, writeSet);
    this.#state.apply(seqno, writeSet);
    this.#reserved.delete(seqno);
  }

  /**
   * The whole state as it is now, to be read while the store goes on. Close it.
   *
   * @throws KV_MISUSED while a seqno is reserved.
   */
  snapshot(): KvSnapshot {
    if (this.#reserved.size > 0) throw misused('A seqno is reserved, and its entry is not there yet.');
    const pin = new OpenTransaction(this.#home, this.#version);
    this.#open.add(pin);
    const maps = mapsAt(this.#state, this.#version, () => pin.requireOpen());
    return { version: this.#version, maps, close: () => this.discard(pin) };
  }

  #end(transaction: KvTransaction): OpenTransaction {
    if (!(transaction instanceof OpenTransaction) || transaction.state !== this.#state) {
      throw misused('The transaction is not one of this store.');
    }
    if (!this.#open.delete(transaction) && !transaction.isUndone) {
      throw misused('The transaction has ended.');
    }
    transaction.end();
    return transaction;
  }

  #forget(): void {
    const [oldest] = this.#open;
    this.#state.forget(Math.min(this.#compacted, oldest?.readVersion ?? this.#compacted));
  }

  #requireHeld(seqno: number): void {
    requireSeqno(seqno);
    if (seqno >= this.#compacted && seqno <= this.#version) return;
    const held = `${this.#compacted} to ${this.#version}`;
    throw misused(`The store cannot go to ${seqno}: it holds ${held}.`);
  }

  #requireStill(): void {
    if (this.#holders > 0) throw misused('The store cannot change while a map of it is visited.');
  }

  #holding(visit: () => void): void {
    this.#holders++;
    try {
      visit();
    } finally {
      this.#holders--;
    }
  }
}

/** What undoes an entry counts on a map standing in it once. */
function requireDistinct(writeSet: WriteSet): void {
  if (new Set(writeSet.map(({ name }) => name)).size < writeSet.length) throw misused('An entry holds a map twice.');
}

function randomHashKey(): HashKey {
  const [k0 = 0, k1 = 0] = crypto.getRandomValues(new Int32Array(2));
  return [k0, k1];
}
