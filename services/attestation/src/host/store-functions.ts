import type { Store } from '../store/store.ts';

/** The largest number of keys that are told at once. */
const maxKeys = 1000;

/** The store as the untrusted functions of the enclave. */
export function storeFunctions(store: Store) {
  return {
    storeRead: ({ key }: { readonly key: string }) => store.read(key),
    storeWrite: ({ key, version, bytes }: { readonly key: string; readonly version: bigint; readonly bytes: Uint8Array }) =>
      store.write(key, version, bytes),
    storeKeys: async ({ prefix }: { readonly prefix: string }) =>
      JSON.stringify((await store.keys(prefix)).slice(0, maxKeys)),
    storeRemove: ({ key, version }: { readonly key: string; readonly version: bigint }) => store.remove(key, version),
  };
}
