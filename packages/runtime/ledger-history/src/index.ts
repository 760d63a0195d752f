import './errors.ts';

/** The past of a ledger of CCF. Runs in enclaves. */
export { ledgerHistoryErrors } from './errors.ts';
export { LedgerHistory, type LedgerHistoryOptions } from './history.ts';
export { beginPast } from './past-tables.ts';
export type { PastService } from './past-service.ts';
export type { ReadingRules } from './read-states.ts';
export { sourceInMemory, type LedgerSource } from './source.ts';
export type { HistoricalState, HistoricalView, LedgerView, ReceiptJson } from './view.ts';
