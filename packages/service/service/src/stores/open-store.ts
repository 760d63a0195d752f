import { openFileStore } from './file-store.ts';
import { openPostgresStore, type PostgresStoreOptions } from './postgres-store.ts';
import type { LockPatience } from './folder-lock.ts';
import type { Store } from '../store/store.ts';

/** Where a service keeps its state: a folder, or a database of PostgreSQL by its URL. */
export type StoreAddress = { readonly folder: string } | { readonly url: string };

/** @throws SERVICE_STORE_REFUSED or SERVICE_STORE_UNAVAILABLE */
export function openStore(address: StoreAddress, options: PostgresStoreOptions & LockPatience): Promise<Store> {
  return 'folder' in address ? openFileStore(address.folder, options) : openPostgresStore(address.url, options);
}
