/** Ledgers of CCF as values. Runs in browsers and enclaves. */
export { ledgerErrors } from './errors.ts';
export type { MapChanges, MapWrite, TransactionId, WriteSet } from './write-set.ts';
