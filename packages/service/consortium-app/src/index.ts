/** JavaScript applications of CCF. Runs in enclaves. */
export { consortiumAppErrors } from './errors.ts';
export type { AppFoundation, HistoricalState, LedgerView } from './context.ts';
