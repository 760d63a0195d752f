import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { toHex } from '@enclos/codec';
import { KvStore, type KvSnapshotMap } from '@enclos/kv';
import { parseChunkName, publicWrites, readChunk, readEntry } from '@enclos/ledger';
import { vectors } from '@enclos/testkit';
import { mapsOfSnapshotFile, type FileMaps } from './snapshot-file.ts';

const service = 'ccf/testdata/sgx_service';

describe('the sample ledger of a service with three recoveries', () => {
  for (const seqno of [99, 138]) {
    vectors.test(`replayed to ${seqno}, gives the state of the snapshot that its service wrote there`, () => {
      const store = new KvStore();
      // Transactions beside the replay keep it from forgetting, and rollbacks make it do it again.
      const reader = store.begin();
      replay(store, seqno - 5);
      replay(store, seqno);
      store.rollback(seqno - 20);
      store.discard(reader);
      store.compact(seqno - 30);
      replay(store, seqno);
      const file = snapshotAt(seqno);
      assert.deepEqual(mapsOf(store.snapshot().maps), file);
      assert.deepEqual([...mapsOf(store.snapshot().maps).keys()], [...file.keys()]);
      assert.deepEqual(mapsOf(KvStore.load(store.snapshot()).snapshot().maps), file);
    });
  }
});

function snapshotAt(seqno: number): FileMaps {
  const name = vectors.list(`${service}/snapshots`).find((file) => file.startsWith(`snapshot_${seqno}_`)) ?? '';
  return mapsOfSnapshotFile(vectors.read(`${service}/snapshots/${name}`));
}

/** The private parts of this ledger are empty. */
function replay(store: KvStore, to: number): void {
  const names = vectors.list(`${service}/ledger`);
  const first = (name: string): number => parseChunkName(name)?.first ?? 0;
  for (const name of names.toSorted((a, b) => first(a) - first(b))) {
    for (const { bytes } of readChunk(vectors.read(`${service}/ledger/${name}`)).list) {
      const entry = readEntry(bytes);
      if (entry.seqno > store.version && entry.seqno <= to) store.apply(entry.seqno, publicWrites(entry));
    }
  }
  assert.equal(store.version, to);
}

function mapsOf(maps: readonly KvSnapshotMap[]): FileMaps {
  return new Map(
    maps.map(({ name, version, entries }) => {
      const texts = [...entries].map(([key, value, written]) => [toHex(key), `${written}:${toHex(value)}`] as const);
      return [name, { version, entries: new Map(texts) }];
    }),
  );
}
