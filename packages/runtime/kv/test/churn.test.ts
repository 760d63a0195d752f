import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { utf8 } from '@enclos/codec';
import { KvStore, type KvTransaction } from '@enclos/kv';

function commit(store: KvStore, work: (transaction: KvTransaction) => void): void {
  const transaction = store.begin();
  work(transaction);
  assert.ok(store.commit(transaction));
}

/** Keys of 24 bytes. */
const keyOf = (at: number): Uint8Array => utf8(String(at).padStart(24, '0'));
const entries = 6000;

function filled(): KvStore {
  const store = new KvStore();
  commit(store, (transaction) => {
    for (let at = 0; at < entries; at++) transaction.map('m').set(keyOf(at), new Uint8Array(24));
  });
  store.compact(store.version);
  return store;
}

describe('the memory of a store', () => {
  test('is at most 150 bytes for an entry of 24 and 24', () => {
    assert.ok(filled().heldBytes < 150 * entries, String(filled().heldBytes));
  });

  test('comes back when entries are removed', () => {
    const store = filled();
    const full = store.heldBytes;
    commit(store, (transaction) => transaction.map('m').clear());
    store.compact(store.version);
    // The numbers of records stay: four bytes for each that there was at once.
    assert.ok(store.heldBytes < full / 8, `${store.heldBytes} of ${full}`);
  });

  test('comes back when what was written is rolled back', () => {
    const store = new KvStore();
    const before = store.heldBytes;
    for (let round = 0; round < 3; round++) {
      commit(store, (transaction) => {
        for (let at = 0; at < entries; at++) transaction.map('m').set(keyOf(at), new Uint8Array(100));
      });
      store.rollback(0);
    }
    assert.ok(store.heldBytes - before < 12 * entries, `${store.heldBytes} after ${before}`);
  });

  test('stays while values change size, and a few old ones lie between', () => {
    const store = filled();
    const full = store.heldBytes;
    for (let round = 1; round <= 40; round++) {
      commit(store, (transaction) => {
        for (let at = round % 7; at < entries; at += 7) {
          transaction.map('m').set(keyOf(at), new Uint8Array(24 + (at % 5)));
        }
      });
      store.compact(store.version);
    }
    assert.ok(store.heldBytes < 2 * full, `${store.heldBytes} after ${full}`);
    const map = store.begin().map('m');
    assert.equal(map.size, entries);
    for (let at = 0; at < entries; at += 97) assert.ok((map.get(keyOf(at))?.length ?? 0) >= 24);
  });

  test('holds old versions only while a transaction reads them', () => {
    const store = filled();
    const reader = store.begin();
    const full = store.heldBytes;
    for (let round = 0; round < 5; round++) {
      commit(store, (transaction) => {
        for (let at = 0; at < entries; at += 2) transaction.map('m').set(keyOf(at), new Uint8Array(24).fill(1));
      });
      store.compact(store.version);
    }
    assert.equal(reader.map('m').get(keyOf(0))?.[0], 0);
    assert.ok(store.heldBytes > 2 * full);
    store.discard(reader);
    assert.ok(store.heldBytes < 2 * full, `${store.heldBytes} after ${full}`);
    assert.equal(store.begin().map('m').get(keyOf(0))?.[0], 1);
  });

  test('of one value that is large comes back at once', () => {
    const store = new KvStore();
    commit(store, (transaction) => transaction.map('m').set(keyOf(0), new Uint8Array(10_000_000)));
    assert.ok(store.heldBytes > 10_000_000);
    commit(store, (transaction) => transaction.map('m').set(keyOf(0), new Uint8Array(1)));
    store.compact(store.version);
    assert.ok(store.heldBytes < 10_000);
  });
});
