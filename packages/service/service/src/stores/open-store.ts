import { openFileStore } from './file-store.ts';
import { openPostgresStore, type PostgresStoreOptions } from './postgres-store.ts';
import type { Store } from '../store/store.ts';

/** Where the service keeps its state: what `--store` says is an URL of PostgreSQL; without it a folder is used. */
export type StoreAddress = { readonly folder: string } | { readonly url: string };

/** @throws ATTESTATION_STORE_REFUSED or ATTESTATION_STORE_UNAVAILABLE */
export function openStore(address: StoreAddress, options: PostgresStoreOptions = {}): Promise<Store> {
  return 'folder' in address ? openFileStore(address.folder) : openPostgresStore(address.url, options);
}
