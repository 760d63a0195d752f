import { vectors } from '@enclos/testkit';
import { parseChunkName, readChunk, readEntry, type LedgerEntry } from '../src/index.ts';

export const services = Object.freeze(['acme_containing_service', 'cose_flipflop_service', 'sgx_service']);
const root = 'ccf/testdata';

/** Names of a service's chunks, in the order of the ledger. */
export function chunkNames(service: string): readonly string[] {
  const first = (name: string): number => parseChunkName(name)?.first ?? 0;
  return vectors.list(`${root}/${service}/ledger`).toSorted((a, b) => first(a) - first(b));
}

export function readSample(service: string, path: string): Uint8Array {
  return vectors.read(`${root}/${service}/${path}`);
}

export function sampleNames(service: string, folder: string): readonly string[] {
  return vectors.list(`${root}/${service}/${folder}`);
}

/** All entries of a service's ledger. */
export function sampleEntries(service: string): readonly LedgerEntry[] {
  return chunkNames(service).flatMap((name) =>
    readChunk(readSample(service, `ledger/${name}`)).list.map(({ bytes }) => readEntry(bytes)),
  );
}
