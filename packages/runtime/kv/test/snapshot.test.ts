import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { KvStore } from '@enclos/kv';
import type { SnapshotMapContents, SnapshotRow } from '@enclos/ledger';
import { entriesOf, setText, textOf } from './model.ts';

type Plain = readonly [name: string, version: number, entries: readonly (readonly [string, string, number])[]];

const plain = (maps: readonly SnapshotMapContents[]): readonly Plain[] =>
  maps.map(({ name, version, rows }) => [
    name,
    version,
    [...rows]
      .map(({ key, value, version: at }) => [textOf(key), textOf(value), at] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  ]);
const misused = (error: unknown): boolean => isEnclosError(error, 'KV_MISUSED');

function written(): KvStore {
  const store = new KvStore();
  const write = (name: string, key: string, value: string | undefined): void => {
    const transaction = store.begin();
    if (value === undefined) transaction.map(name).delete(utf8(key));
    else setText(transaction.map(name), key, value);
    store.commit(transaction);
  };
  write('z', 'a', '1');
  write('public:z', 'b', '2');
  write('public:a', 'c', '3');
  write('z', 'd', '4');
  write('public:a', 'c', undefined);
  return store;
}
const expected: readonly Plain[] = [
  ['public:a', 5, []],
  ['public:z', 2, [['b', '2', 2]]],
  [
    'z',
    4,
    [
      ['a', '1', 1],
      ['d', '4', 4],
    ],
  ],
];

describe('a snapshot of a store', () => {
  test('holds the state of one seqno, public maps first, while the store goes on', () => {
    const store = written();
    const snapshot = store.snapshot();
    const transaction = store.begin();
    transaction.map('z').clear();
    setText(transaction.map('public:z'), 'b', 'new');
    setText(transaction.map('new'), 'x', 'y');
    store.commit(transaction);
    store.compact(store.version);
    assert.equal(snapshot.version, 5);
    assert.deepEqual(plain(snapshot.maps), expected);
    snapshot.close();
    snapshot.close();
    assert.throws(() => plain(snapshot.maps), misused);
  });

  test('is loaded into a store that goes on from it', () => {
    const snapshot = written().snapshot();
    const store = KvStore.load(snapshot);
    assert.deepEqual([store.version, store.compacted], [5, 5]);
    assert.deepEqual(plain(store.snapshot().maps), expected);
    const transaction = store.begin();
    assert.equal(transaction.map('z').versionOfPreviousWrite(utf8('d')), 4);
    setText(transaction.map('z'), 'e', `${transaction.map('z').size}`);
    assert.equal(store.commit(transaction)?.seqno, 6);
    store.rollback(5);
    assert.deepEqual(entriesOf(store.begin().map('z')), [
      ['a', '1'],
      ['d', '4'],
    ]);
  });

  test('is refused where it contradicts itself, or does not fit', () => {
    const row = (version: number): SnapshotRow => ({ key: utf8('k'), value: utf8('v'), version });
    const map = (name: string, version: number, ...rows: SnapshotRow[]): SnapshotMapContents => ({
      name,
      version,
      rows,
    });
    const load = (...maps: SnapshotMapContents[]) =>
      KvStore.load({ version: 9, maps }, { limits: { keyBytes: 4, storeBytes: 10_000 } });
    assert.equal(load(map('m', 9, row(9))).version, 9);
    assert.throws(() => load(map('m', 10)), misused);
    assert.throws(() => load(map('m', 3, row(4))), misused);
    // A key that was removed.
    assert.equal(
      load(map('m', 3, row(-1)))
        .begin()
        .map('m').size,
      0,
    );
    assert.throws(() => load(map('m', 3, row(0))), misused);
    assert.throws(() => load(map('m', 3, row(1), row(2))), misused);
    assert.throws(() => load(map('m', 3), map('m', 3)), misused);
    assert.throws(
      () => load(map('ccf.x', 3)),
      (error) => isEnclosError(error, 'KV_NAME_RESERVED'),
    );
    assert.throws(
      () => load(map('m', 3, { ...row(1), key: utf8('12345') })),
      (error) => isEnclosError(error, 'KV_TOO_LARGE'),
    );
    assert.throws(
      () => load(map('m', 3, { ...row(1), value: new Uint8Array(20_000) })),
      (error) => isEnclosError(error, 'KV_FULL'),
    );
  });
});

describe('a seqno that is reserved', () => {
  const signature = (text: string) => [
    { name: 's', readVersion: 0, writes: [[utf8('k'), utf8(text)]] as const, removes: [] },
  ];

  test('is filled while others go on, and undone with them', () => {
    const store = written();
    assert.equal(store.reserve(), 6);
    const transaction = store.begin();
    setText(transaction.map('m'), 'a', '1');
    assert.equal(store.commit(transaction)?.seqno, 7);
    assert.throws(() => store.compact(6), misused);
    assert.throws(() => store.snapshot(), misused);
    store.compact(5);
    store.fill(6, signature('first'));
    assert.throws(() => store.fill(6, signature('again')), misused);
    assert.equal(store.begin().map('s').versionOfPreviousWrite(utf8('k')), 6);
    store.compact(6);
    store.rollback(6);
    assert.deepEqual(entriesOf(store.begin().map('s')), [['k', 'first']]);
    assert.equal(store.begin().map('m').size, 0);
  });

  test('is gone after a rollback, and not filled under a later change', () => {
    const store = written();
    const seqno = store.reserve();
    store.rollback(5);
    assert.throws(() => store.fill(seqno, signature('late')), misused);
    const [first, second] = [store.reserve(), store.reserve()];
    store.fill(second, signature('second'));
    assert.throws(() => store.fill(first, signature('first')), misused);
    store.fill(first, []);
    store.compact(second);
  });

  test('makes a transaction fail that has read what it fills', () => {
    const store = written();
    const seqno = store.reserve();
    const [key, whole] = [store.begin(), store.begin()];
    setText(key.map('m'), 'a', String(key.map('s').has(utf8('k'))));
    setText(whole.map('m'), 'a', String(whole.map('s').size));
    store.fill(seqno, signature('late'));
    assert.equal(store.commit(key), undefined);
    assert.equal(store.commit(whole), undefined);
  });
});
