import { webcrypto } from 'node:crypto';
import { decodeUtf8 } from '@enclos/codec/text';
import {
  parseChunkName,
  publicWrites,
  readChunk,
  readEntry,
  type LedgerEntry,
  type TransactionId,
} from '@enclos/ledger';
import { nodeDigests } from '@enclos/ledger/node';
import {
  keysOf,
  readLedgerCertificate,
  readNodeSignature,
  recoverLedgerSecrets,
  singleOf,
  tables,
  type LedgerCertificate,
  type LedgerKeys,
} from '@enclos/ledger/proof';
import { vectors } from '@enclos/testkit';
import {
  LedgerHistory,
  sourceInMemory,
  type LedgerHistoryOptions,
  type LedgerSource,
  type LedgerView,
} from '../src/index.ts';

export const services = ['acme_containing_service', 'cose_flipflop_service', 'sgx_service'] as const;
export const tools = { digests: nodeDigests, subtle: webcrypto.subtle };
const root = 'ccf/testdata';

/** A ledger of the samples, as a service that goes on from it would know it. */
export interface Sample {
  readonly entries: readonly LedgerEntry[];
  /** Changes of these are what the source gives. */
  readonly bytes: Uint8Array[];
  readonly keys: LedgerKeys;
  readonly identities: readonly LedgerCertificate[];
  readonly ledger: LedgerView;
}

export async function readSample(service: string): Promise<Sample> {
  const folder = `${root}/${service}`;
  const first = (name: string): number => parseChunkName(name)?.first ?? 0;
  const names = vectors.list(`${folder}/ledger`).toSorted((a, b) => first(a) - first(b));
  const files = names.map((name) => ({ name, bytes: vectors.read(`${folder}/ledger/${name}`) }));
  const bytes = files.flatMap((file) => readChunk(file.bytes).list.map((entry) => entry.bytes.slice()));
  const entries = bytes.map((entry) => readEntry(entry));
  const members = vectors
    .list(`${folder}/common`)
    .filter((name) => name.endsWith('_enc_privk.pem'))
    .map((name) => decodeUtf8(vectors.read(`${folder}/common/${name}`)));
  const ledgerFiles = files.map((file) => ({
    name: file.name,
    read: async function* () {
      yield await Promise.resolve(file.bytes);
    },
  }));
  const secrets = await recoverLedgerSecrets(ledgerFiles, { members }, nodeDigests);
  return { entries, bytes, keys: keysOf(secrets), identities: identitiesOf(entries), ledger: viewOf(entries) };
}

function identitiesOf(entries: readonly LedgerEntry[]): readonly LedgerCertificate[] {
  const pems = new Set<string>();
  for (const entry of entries) {
    const info = singleOf(publicWrites(entry), tables.service);
    if (info === undefined) continue;
    const { cert } = JSON.parse(decodeUtf8(info)) as { cert: string };
    pems.add(cert);
  }
  return [...pems].map((pem) => readLedgerCertificate(pem));
}

function viewOf(entries: readonly LedgerEntry[]): LedgerView {
  const last = entries.findLast((entry) => isSignature(entry));
  const id: TransactionId = { view: last?.view ?? 0, seqno: last?.seqno ?? 0 };
  return {
    lastCommitted: () => id,
    status: () => 'Committed',
    viewOf: (seqno) => entries[seqno - 1]?.view,
  };
}

export function isSignature(entry: LedgerEntry): boolean {
  const writes = publicWrites(entry);
  return (singleOf(writes, tables.signatures) ?? singleOf(writes, tables.coseSignatures)) !== undefined;
}

/** The first transaction from which on signatures hold the certificates of their nodes: those of CCF before 2.0 did not. */
export function firstCertified(entries: readonly LedgerEntry[]): number {
  const bare = entries.findLast((entry) => {
    const record = singleOf(publicWrites(entry), tables.signatures);
    return record !== undefined && readNodeSignature(record).certificate === undefined;
  });
  return (bare?.seqno ?? 0) + 1;
}

/** A source that gives `most` lengths at once. `reads` gets what is read of it. */
function recordedSource(
  bytes: readonly Uint8Array[],
  { reads = [], most = Infinity }: { readonly reads?: (readonly [number, number])[]; readonly most?: number } = {},
): LedgerSource {
  const source = sourceInMemory(bytes);
  return {
    lengths: (from, asked) => source.lengths(from, Math.min(asked, most)),
    read: (from, count) => {
      reads.push([from, count]);
      return source.read(from, count);
    },
  };
}

/** The history over a sample, with what its tests change. `settled` waits for what is read. */
export function historyOf(sample: Sample, changes: Partial<LedgerHistoryOptions> = {}) {
  const failures: unknown[] = [];
  const reads: (readonly [from: number, most: number])[] = [];
  const history = new LedgerHistory({
    // Few at once, so that ranges and signatures lie across pieces.
    source: recordedSource(sample.bytes, { reads, most: 3 }),
    ledger: sample.ledger,
    keys: sample.keys,
    services: () => sample.identities.map((certificate) => ({ certificate })),
    tools,
    onFailure: (error) => void failures.push(error),
    ...changes,
  });
  return { history, failures, reads };
}
