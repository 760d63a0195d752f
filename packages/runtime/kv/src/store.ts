import type { WriteSet } from '@enclos/ledger';
import { EnclosError } from '@enclos/errors';
import { defaultKvLimits, type KvLimits } from './limits.ts';
import { OpenTransaction } from './open-transaction.ts';
import type { HashKey } from './records/hash.ts';
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

/** The words and bytes of a record beside its key and value, of its place in a table, and of what undoes it. */
const recordBytes = 64;

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
  #holders = 0;

  constructor({ limits, version = 0 }: KvStoreOptions = {}) {
    this.limits = { ...defaultKvLimits, ...limits };
    requireSeqno(version);
    this.#version = version;
    this.#compacted = version;
    this.#state = new State(randomHashKey(), version);
    this.#home = { state: this.#state, limits: this.limits, holding: (visit: () => void) => this.#holding(visit) };
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
      this.#requireRoom(writeSet);
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
   * Applies the next entry of a ledger, whoever executed it. An entry that changes nothing takes its place too.
   *
   * @throws KV_FULL, and KV_MISUSED for a seqno that is not the next.
   */
  apply(seqno: number, writeSet: WriteSet): void {
    this.#requireStill();
    if (seqno !== this.#version + 1) {
      throw new EnclosError('KV_MISUSED', `Entry ${seqno} does not follow ${this.#version}, the newest of the store.`);
    }
    this.#requireRoom(writeSet);
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
    while (this.#version > toSeqno) this.#state.undo(this.#version--);
    this.#forget();
  }

  /**
   * What was committed up to this seqno stays: what would undo it is dropped, once no open transaction reads it.
   *
   * @throws KV_MISUSED for a seqno before the last that is compacted, or after the newest.
   */
  compact(seqno: number): void {
    this.#requireStill();
    this.#requireHeld(seqno);
    this.#compacted = seqno;
    this.#forget();
  }

  #end(transaction: KvTransaction): OpenTransaction {
    if (!(transaction instanceof OpenTransaction) || transaction.state !== this.#state) {
      throw new EnclosError('KV_MISUSED', 'The transaction is not one of this store.');
    }
    if (!this.#open.delete(transaction) && !transaction.isUndone) {
      throw new EnclosError('KV_MISUSED', 'The transaction has ended.');
    }
    transaction.end();
    return transaction;
  }

  #forget(): void {
    const [oldest] = this.#open;
    this.#state.forget(Math.min(this.#compacted, oldest?.readVersion ?? this.#compacted));
  }

  #requireRoom(writeSet: WriteSet): void {
    let needed = this.#state.heldBytes;
    for (const { writes, removes } of writeSet) {
      for (const [key, value] of writes) needed += key.length + value.length + recordBytes;
      for (const key of removes) needed += key.length + recordBytes;
    }
    if (needed > this.limits.storeBytes) {
      throw new EnclosError(
        'KV_FULL',
        `The store would hold ${needed} bytes: at most ${this.limits.storeBytes} are allowed.`,
        {
          details: { maximum: this.limits.storeBytes },
        },
      );
    }
  }

  #requireHeld(seqno: number): void {
    requireSeqno(seqno);
    if (seqno >= this.#compacted && seqno <= this.#version) return;
    const held = `${this.#compacted} to ${this.#version}`;
    throw new EnclosError('KV_MISUSED', `The store cannot go to ${seqno}: it holds ${held}.`);
  }

  #requireStill(): void {
    if (this.#holders > 0) throw new EnclosError('KV_MISUSED', 'The store cannot change while a map of it is visited.');
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

function requireSeqno(seqno: number): void {
  if (Number.isSafeInteger(seqno) && seqno >= 0) return;
  throw new EnclosError('KV_MISUSED', `${seqno} is no seqno: a whole number from 0 is.`);
}

function randomHashKey(): HashKey {
  const [k0 = 0, k1 = 0] = crypto.getRandomValues(new Int32Array(2));
  return [k0, k1];
}
