import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { toHex } from '@enclos/codec';
import { KvStore } from '@enclos/kv';
import {
  encodeSnapshot,
  LedgerSecret,
  parseChunkName,
  publicWrites,
  readChunk,
  readEntry,
  readSnapshot,
  snapshotPublicMaps,
  type SnapshotMapContents,
} from '@enclos/ledger';
import { nodeDigests } from '@enclos/ledger/node';
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

  vectors.test('goes through the file of a snapshot into another store', () => {
    const bytes = snapshotFile(138);
    const read = readSnapshot(bytes);
    const maps = snapshotPublicMaps(read);
    const store = KvStore.load({ version: read.seqno, maps });
    assert.deepEqual(mapsOf(store.snapshot().maps), mapsOfSnapshotFile(bytes));
    // The private part of this one is empty, so that any key gives its size.
    const { key } = new LedgerSecret(nodeDigests, new Uint8Array(32));
    const { seqno, leaf, viewStarts } = read;
    const written = encodeSnapshot({ seqno, leaf, viewStarts, maps: store.snapshot().maps }, key);
    assert.equal(written.length, bytes.length - read.receipt.length);
    assert.deepEqual(mapsOfSnapshotFile(written), mapsOfSnapshotFile(bytes));
  });
});

const snapshotAt = (seqno: number): FileMaps => mapsOfSnapshotFile(snapshotFile(seqno));

function snapshotFile(seqno: number): Uint8Array {
  const name = vectors.list(`${service}/snapshots`).find((file) => file.startsWith(`snapshot_${seqno}_`)) ?? '';
  return vectors.read(`${service}/snapshots/${name}`);
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

function mapsOf(maps: readonly SnapshotMapContents[]): FileMaps {
  return new Map(
    maps.map(({ name, version, rows }) => {
      const texts = [...rows].map(
        ({ key, value, version: written }) => [toHex(key), `${written}:${toHex(value)}`] as const,
      );
      return [name, { version, entries: new Map(texts) }];
    }),
  );
}
