/**
 * What one transaction changes in one map, as an entry of a ledger records it (CCF, src/kv/generic_serialise_wrapper.h). Keys and
 * values are bytes; what they mean is the map's own concern.
 */
export interface MapChanges {
  /** The whole name, with its prefix: `public:ccf.gov.nodes.info`. A map is private unless its name begins with `public:`. */
  readonly name: string;
  /** The version of the map that the transaction read, zero if it read none. */
  readonly readVersion: number;
  readonly writes: readonly MapWrite[];
  readonly removes: readonly Uint8Array[];
}

/** One key with its new value. */
export type MapWrite = readonly [key: Uint8Array, value: Uint8Array];

/** What one transaction changes, ordered by map name. */
export type WriteSet = readonly MapChanges[];

/** A transaction's identifier: the term of the primary that executed it, and its place in the ledger. Written `view.seqno`. */
export interface TransactionId {
  readonly view: number;
  readonly seqno: number;
}
