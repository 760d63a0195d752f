import type { KvTransaction } from '@enclos/kv';
import type { TransactionId } from '@enclos/ledger';

/** What the service around an application tells of the ledger. */
export interface LedgerView {
  /** The last transaction that is committed: signed, and held as the service's durability says. */
  lastCommitted(): TransactionId;
  status(id: TransactionId): 'Committed' | 'Invalid' | 'Pending' | 'Unknown';
  viewOf(seqno: number): number | undefined;
  /** The first seqno of each view from 1 on. Default: none is known. */
  firstSeqnos?(): readonly number[];
}

/** What scripts see of a receipt in JSON, as `/receipt` answers it. Hex, PEM and base64 as there. */
export interface ReceiptJson {
  readonly signature: string;
  readonly cert: string;
  readonly node_id: string;
  readonly proof: readonly Readonly<Partial<Record<'left' | 'right', string>>>[];
  /** Absent in the receipt of a signature transaction. */
  readonly leaf_components?: {
    readonly write_set_digest: string;
    /** Absent in ledgers of before it. */
    readonly commit_evidence?: string;
    readonly claims_digest?: string;
  };
  /** The signed root, in the receipt of a signature transaction. */
  readonly leaf?: string;
  /** Certificates of earlier identities of the service, PEM. */
  readonly service_endorsements?: readonly string[];
}

/** A transaction of the past, for `mode: "historical"`. */
export interface HistoricalState {
  readonly id: TransactionId;
  readonly receipt: ReceiptJson;
  /** The receipt in COSE; absent where no signature of the service covers the transaction. */
  readonly coseReceipt?: Uint8Array;
  /**
   * Begins a transaction that shows what this one wrote, and nothing else, as in CCF. Its tables are built each time.
   *
   * @param checkTime called between parts of the work, of a few milliseconds at most; what it throws ends the work
   */
  begin(checkTime?: () => void): KvTransaction;
}

/** States of the past, read from the ledger again (`ccf.historical`). Ranges are kept by handle until they expire. */
export interface HistoricalView {
  /** Undefined until they are there: the caller asks again later. Both ends are in the range. */
  stateRange(
    handle: number,
    first: number,
    last: number,
    secondsUntilExpiry: number,
  ): readonly HistoricalState[] | undefined;
  /** Whether there were any. */
  dropCachedStates(handle: number): boolean;
  /**
   * The same past for one peer, so that it does not take from others what all share. Without it, and without a peer, all count as one.
   * @param peer any name of the caller; empty for one that is not known.
   */
  forPeer?(peer: string): HistoricalView;
}
