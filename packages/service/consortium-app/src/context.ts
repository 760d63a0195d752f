import type { TransactionId } from '@enclos/ledger';
import type { KvTransaction } from '@enclos/kv';
import type { ScriptEngine } from '@enclos/script';

/** What the service around an application tells of the ledger. */
export interface LedgerView {
  /** The last transaction that is committed: signed, and held as the service's durability says. */
  lastCommitted(): TransactionId;
  status(id: TransactionId): 'Committed' | 'Invalid' | 'Pending' | 'Unknown';
  viewOf(seqno: number): number | undefined;
}

/** A transaction of the past, for `mode: "historical"`. The receipt is CCF's JSON receipt of it. */
export interface HistoricalState {
  readonly id: TransactionId;
  readonly receipt: unknown;
  readonly transaction: KvTransaction;
}

/** What an application stands on. */
export interface AppFoundation {
  readonly engine: ScriptEngine;
  readonly ledger: LedgerView;
}
