import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { bundleEntries, writeBundle } from '../src/bundle.ts';
import { itemRequest } from '../src/index.ts';
import { readStored, storedItem } from '../src/stored-item.ts';
import { sampleCollateral } from './sample.ts';

const { collateral } = sampleCollateral;
const source = 'pccs http://127.0.0.1:8081';
const fetchedAt = '2026-06-01T12:00:00.000Z';
const items = [
  storedItem({ source, fetchedAt, request: itemRequest('root-crl'), content: { body: collateral.root_ca_crl } }),
  storedItem({
    source,
    fetchedAt,
    request: itemRequest('pck-crl', { ca: 'platform' }),
    content: { body: collateral.pck_crl, chain: collateral.pck_crl_issuer_chain },
  }),
];

export const seeds: readonly Uint8Array[] = [utf8(await writeBundle(items, new Date(fetchedAt)))];

/** Bundles, and the items of which files of the cache are made. */
export function fuzz(data: Uint8Array): void {
  try {
    for (const entry of bundleEntries(new TextDecoder().decode(data))) readStored(entry);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
  }
}
