import { EnclosError } from '@enclos/errors';
import type { Store } from '@enclos/service/store';
import { openFileStore } from '@enclos/service/stores';

/** A pod that is replaced has 30 s to end, and its successor on the same volume starts before that. */
const patienceMs = 45_000;

/** Where the enclave keeps what outlives it. Without a folder nothing was kept, and nothing can be. */
export async function openState(folder: string | undefined): Promise<Store> {
  return folder === undefined ? nothing : openFileStore(folder, { service: 'inference', patienceMs });
}

async function unavailable(): Promise<never> {
  throw new EnclosError('SERVICE_STORE_UNAVAILABLE', 'The service was started without --state.');
}

const nothing: Store = Object.freeze({
  read: async () => undefined,
  write: unavailable,
  keys: async () => [],
  remove: unavailable,
  close: async () => undefined,
});
