import { EnclosError, isEnclosError } from '@enclos/errors';
import type { KvCommit, KvStore } from './store.ts';
import type { KvTransaction } from './transaction.ts';

/** As often as CCF executes a request before it answers TransactionCommitAttemptsExceedLimit (src/node/rpc/frontend.h). */
export const mostAttempts = 30;

/** What came of a transaction that was executed. */
export interface KvExecution<T> extends KvCommit {
  readonly result: T;
  /** The seqno whose state the last attempt read. */
  readonly readVersion: number;
}

export interface ExecuteOptions<T> {
  /** Whether what was written is to be committed. Default: always. */
  readonly keeps?: (result: T) => boolean;
  /** Default: 30. */
  readonly attempts?: number;
}

/**
 * Runs `work` in a transaction, and again in a new one while others change what it has read. It has no effect but on the
 * transaction.
 *
 * @throws KV_CONFLICT when no attempt could be committed; what `work` throws; what `commit` of the store throws.
 * @example
 * const { seqno } = await execute(store, (transaction) => transaction.map('records').set(key, value));
 */
export async function execute<T>(
  store: KvStore,
  work: (transaction: KvTransaction) => T | Promise<T>,
  { keeps = () => true, attempts = mostAttempts }: ExecuteOptions<T> = {},
): Promise<KvExecution<T>> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const transaction = store.begin();
    const { readVersion } = transaction;
    try {
      const result = await work(transaction);
      if (!keeps(result)) return { result, readVersion, seqno: undefined, writeSet: [] };
      const commit = store.commit(transaction);
      if (commit !== undefined) return { result, readVersion, ...commit };
    } catch (error) {
      if (!isEnclosError(error, 'KV_CONFLICT')) throw error;
    } finally {
      store.discard(transaction);
    }
  }
  throw new EnclosError('KV_CONFLICT', `A transaction could not be committed in ${attempts} attempts.`, {
    details: { attempts },
  });
}
