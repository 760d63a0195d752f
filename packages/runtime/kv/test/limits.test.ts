import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { KvStore } from '@enclos/kv';
import { setText } from './model.ts';

const tooLarge = (error: unknown): boolean => isEnclosError(error, 'KV_TOO_LARGE');

describe('the limits of a store', () => {
  const limits = { nameBytes: 8, keyBytes: 4, valueBytes: 5, transactionBytes: 300 };

  test('hold for names, keys and values', () => {
    const transaction = new KvStore({ limits }).begin();
    assert.equal(transaction.map('12345678').name, '12345678');
    assert.throws(() => transaction.map('123456789'), tooLarge);
    // Three bytes each.
    assert.throws(() => transaction.map('€€€'), tooLarge);
    const map = transaction.map('m');
    setText(map, '1234', '12345');
    for (const read of [(key: Uint8Array) => map.get(key), (key: Uint8Array) => map.delete(key)]) {
      assert.throws(() => read(utf8('12345')), tooLarge);
    }
    assert.throws(() => setText(map, '12345', ''), tooLarge);
    assert.throws(() => setText(map, '1', '123456'), tooLarge);
    assert.equal(map.size, 1);
  });

  test('hold for all that a transaction reads and writes, and count a key once', () => {
    const transaction = new KvStore({ limits }).begin();
    const map = transaction.map('m');
    for (let i = 0; i < 100; i++) setText(map, 'same', '12345');
    for (const key of ['a', 'b', 'c']) map.get(utf8(key));
    assert.throws(() => map.get(utf8('d')), tooLarge);
    assert.throws(() => setText(map, 'd', ''), tooLarge);
    assert.equal(map.get(utf8('a')), undefined);
  });

  test('count no value that a transaction has removed again', () => {
    const map = new KvStore({ limits: { transactionBytes: 2 * 65 + 10 } }).begin().map('m');
    for (const remove of [() => map.delete(utf8('a')), () => map.clear()]) {
      setText(map, 'a', '1234567890');
      assert.throws(() => setText(map, 'b', '1'), tooLarge);
      remove();
      setText(map, 'b', '1234567890');
      map.delete(utf8('b'));
    }
  });

  test('are those of CCF unless others are given', () => {
    assert.deepEqual(new KvStore().limits, {
      nameBytes: 1024,
      keyBytes: 1_048_576,
      valueBytes: 67_108_864,
      transactionBytes: 67_108_864,
      storeBytes: 1_073_741_824,
    });
  });

  test('count 64 bytes for each key of a transaction, and for each record of the store', () => {
    const transaction = (transactionBytes: number): (() => void) => {
      const map = new KvStore({ limits: { transactionBytes } }).begin().map('m');
      return () => setText(map, 'key', 'value');
    };
    transaction(72)();
    assert.throws(transaction(71), tooLarge);
    const removing = { name: 'm', readVersion: 0, writes: [], removes: [utf8('key')] };
    const writing = { name: 'm', readVersion: 0, writes: [[utf8('key'), utf8('value')] as const], removes: [] };
    for (const [changes, needed] of [
      [writing, 72],
      [removing, 67],
    ] as const) {
      const held = new KvStore().heldBytes;
      const apply = (storeBytes: number): void => new KvStore({ limits: { storeBytes } }).apply(1, [changes]);
      apply(held + needed);
      assert.throws(
        () => apply(held + needed - 1),
        (error) => isEnclosError(error, 'KV_FULL') && error.message.includes(`would hold ${held + needed} bytes`),
      );
    }
  });

  test('hold for the store: what does not fit changes nothing', () => {
    const store = new KvStore({ limits: { storeBytes: 100_000 } });
    const fill = (seqno: number): number | undefined => {
      const transaction = store.begin();
      transaction.map('m').set(Uint8Array.of(seqno), new Uint8Array(30_000));
      return store.commit(transaction)?.seqno;
    };
    const full = (error: unknown): boolean => isEnclosError(error, 'KV_FULL');
    const fillUp = (): void => {
      for (let seqno = 0; seqno < 9; seqno++) fill(seqno);
    };
    assert.throws(fillUp, full);
    const { version, heldBytes } = store;
    assert.ok(version > 0 && version < 4);
    assert.throws(
      () =>
        store.apply(store.version + 1, [
          { name: 'm', readVersion: 0, writes: [[utf8('a'), new Uint8Array(90_000)]], removes: [] },
        ]),
      full,
    );
    assert.deepEqual([store.version, store.heldBytes], [version, heldBytes]);
    store.rollback(0);
    assert.equal(fill(1), 1);
  });
});
