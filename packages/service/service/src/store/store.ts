import type { Handlers } from '@enclos/edl';
import { EnclosError } from '@enclos/errors';
import '../errors.ts';
import { maxRecordBytes, type storeInterface } from './store-interface.ts';

export interface StoredRow {
  /** Another one after every write of the key, also when it was removed in between. Never 0. */
  readonly version: bigint;
  readonly bytes: Uint8Array;
}

/**
 * Where the host keeps what the enclave gives it. It says which writer was first and loses nothing that it took; whether its
 * rows were changed is for the enclave to find out. Each function rejects with SERVICE_STORE_UNAVAILABLE when it could
 * not be done, and for a write that may mean that it was done.
 */
export interface Store {
  read(key: string): Promise<StoredRow | undefined>;
  /** Replaces what has this version (0: nothing is there). False when something else is there by now. */
  write(key: string, version: bigint, bytes: Uint8Array): Promise<boolean>;
  /** Keys that begin with `prefix`, in order, at most `maximumKeys`. */
  keys(prefix: string): Promise<readonly string[]>;
  /** False when it has another version by now. */
  remove(key: string, version: bigint): Promise<boolean>;
  close(): Promise<void>;
}

export const maximumKeys = 1000;
const keyPattern = /^[A-Za-z0-9/_.-]{1,256}$/;

/** @throws SERVICE_STORE_REFUSED for a key of another form, or a row over its bound: the enclave makes none. */
export function checkRow(key: string, bytes?: Uint8Array): void {
  if (keyPattern.test(key) && (bytes === undefined || bytes.length <= maxRecordBytes)) return;
  throw new EnclosError('SERVICE_STORE_REFUSED', 'A key of another form, or a row that is too large.');
}

/** Serves the functions of `storeInterface` from a store. */
export function storeHandlers(store: Store): Handlers<typeof storeInterface, unknown> {
  return {
    storeRead: ({ key }) => store.read(key),
    storeWrite: ({ key, version, bytes }) => store.write(key, version, bytes),
    storeKeys: async ({ prefix }) => JSON.stringify(await store.keys(prefix)),
    storeRemove: ({ key, version }) => store.remove(key, version),
  };
}
