/** A transactional store of maps. Runs in enclaves. */
export { accessRefusal, allowsOperation, kvAccess, restrictTransaction } from './access.ts';
export type { KvAccess, KvContext, KvOperation } from './access.ts';
export { kvErrors } from './errors.ts';
export { execute, mostAttempts, type ExecuteOptions, type KvExecution } from './execute.ts';
export { defaultKvLimits, type KvLimits } from './limits.ts';
export type { KvLook } from './look.ts';
export { mapKind, type MapKind } from './map-name.ts';
export type { KvSnapshot } from './snapshot.ts';
export { KvStore, type KvCommit, type KvStoreOptions } from './store.ts';
export type { KvMap, KvTransaction, KvVisit } from './transaction.ts';
