/** A transactional store of maps. Runs in enclaves. */
export { kvErrors } from './errors.ts';
export type { KvMap, KvTransaction } from './transaction.ts';
