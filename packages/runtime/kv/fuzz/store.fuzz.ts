import { ByteReader, equalBytes, toHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { KvStore, type KvTransaction } from '../src/index.ts';

export const seeds: readonly Uint8Array[] = [
  Uint8Array.of(0, 1, 1, 1, 3, 9, 8, 7, 5, 0, 0, 1, 6, 0, 7, 0),
  Uint8Array.of(0, 2, 0, 2, 1, 0, 5, 1, 2, 0, 5, 6, 1, 4, 0, 5, 6, 0, 7, 0, 8, 0),
];

const limits = { keyBytes: 64, valueBytes: 4096, transactionBytes: 8192, storeBytes: 65_536 };
const names = ['m', 'public:m', 'ccf.x'];

/**
 * Makes what a stranger's bytes say of a store: writes, removals, commits, rollbacks, snapshots. One transaction at a time, so that
 * none conflicts: a store that then differs from its own snapshot, or holds more than its limit, is a finding.
 */
export function fuzz(data: Uint8Array): void {
  const reader = new ByteReader(data);
  let store = new KvStore({ limits });
  let transaction = store.begin();
  while (reader.remaining >= 2) {
    const [what, argument] = [reader.u8() % 9, reader.u8()];
    try {
      if (what <= 4) change(transaction, what, bytesOf(reader, argument));
      if (what === 5) commit(store, transaction);
      if (what === 6) store.rollback(store.compacted + (argument % (store.version - store.compacted + 1)));
      if (what === 7) store.compact(store.version);
      if (what === 8) store = reloaded(store);
    } catch (error) {
      if (!isEnclosError(error)) throw error;
    }
    if (what < 5) continue;
    store.discard(transaction);
    transaction = store.begin();
    // A slab or a table may grow beyond the limit by its own size.
    if (store.heldBytes > 4 * limits.storeBytes) throw new Error(`The store holds ${store.heldBytes} bytes.`);
  }
}

const bytesOf = (reader: ByteReader, length: number): Uint8Array => reader.bytes(Math.min(length, reader.remaining));

function change(transaction: KvTransaction, what: number, bytes: Uint8Array): void {
  const map = transaction.map(names[(bytes[0] ?? 0) % names.length] ?? '');
  const key = bytes.subarray(0, 3);
  if (what <= 1) map.set(key, bytes);
  if (what === 2) map.set(bytes, new Uint8Array(20 * bytes.length));
  if (what === 3) map.delete(key);
  if (what === 4) map.clear();
  const value = map.get(key);
  if (what <= 1 && (value === undefined || !equalBytes(value, bytes))) throw new Error('A write is not read.');
  if (what >= 3 && value !== undefined) throw new Error('A removed key is read.');
  let visited = 0;
  map.forEach(() => void visited++);
  if (map.size !== visited) throw new Error('The size is not the number of keys.');
}

function commit(store: KvStore, transaction: KvTransaction): void {
  if (store.commit(transaction) === undefined) throw new Error('A transaction alone has a conflict.');
}

/** The store that its own snapshot gives, which must be the same. */
function reloaded(store: KvStore): KvStore {
  const loaded = KvStore.load(store.snapshot(), { limits: { ...limits, storeBytes: 4 * limits.storeBytes } });
  if (textOf(loaded) !== textOf(store)) throw new Error('A snapshot gives another state.');
  return loaded;
}

function textOf(store: KvStore): string {
  const rows = store
    .snapshot()
    .maps.flatMap(({ name, version, rows: all }) => [
      `${name} ${version}`,
      ...Array.from(all, (row) => `${name} ${toHex(row.key)} ${row.version} ${toHex(row.value)}`),
    ]);
  return rows.toSorted().join('\n');
}
