import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { execute, KvStore } from '@enclos/kv';
import { entriesOf, setText, textAt } from './model.ts';

const withEntries = (entries: Readonly<Record<string, string>>): KvStore => {
  const store = new KvStore();
  const transaction = store.begin();
  for (const [key, value] of Object.entries(entries)) setText(transaction.map('m'), key, value);
  store.commit(transaction);
  return store;
};
const misused = (error: unknown): boolean => isEnclosError(error, 'KV_MISUSED');

describe('a store', () => {
  test('gives what was written, its versions, and write sets in the order of names and keys', () => {
    const store = withEntries({ b: '1', a: '2' });
    const transaction = store.begin();
    setText(transaction.map('public:n'), 'x', '3');
    transaction.map('m').delete(utf8('b'));
    assert.deepEqual(store.commit(transaction), {
      seqno: 2,
      writeSet: [
        { name: 'm', readVersion: 0, writes: [], removes: [utf8('b')] },
        { name: 'public:n', readVersion: 0, writes: [[utf8('x'), utf8('3')]], removes: [] },
      ],
    });
    const reader = store.begin();
    assert.deepEqual(entriesOf(reader.map('m')), [['a', '2']]);
    assert.equal(reader.map('m').versionOfPreviousWrite(utf8('a')), 1);
    assert.equal(reader.map('m').versionOfPreviousWrite(utf8('b')), undefined);
    assert.deepEqual(store.mapNames(), ['m', 'public:n']);
  });

  test('takes no seqno for a transaction that only read', () => {
    const store = withEntries({ a: '1' });
    const transaction = store.begin();
    assert.equal(textAt(transaction.map('m'), 'a'), '1');
    assert.deepEqual(store.commit(transaction), { seqno: undefined, writeSet: [] });
    assert.equal(store.version, 1);
  });

  test('holds keys that are names of members of objects, empty, or not text', () => {
    const keys = [
      utf8('__proto__'),
      utf8('constructor'),
      new Uint8Array(),
      Uint8Array.of(0),
      Uint8Array.of(0, 0, 0xff, 0xfe),
    ];
    const store = new KvStore();
    const writer = store.begin();
    const map = writer.map('__proto__');
    for (const [at, key] of keys.entries()) map.set(key, Uint8Array.of(at));
    store.commit(writer);
    const reader = store.begin().map('__proto__');
    assert.equal(reader.size, keys.length);
    for (const [at, key] of keys.entries()) assert.deepEqual(reader.get(key), Uint8Array.of(at));
    assert.equal(store.begin().map('constructor').size, 0);
  });

  test('keeps its own copies of what it is given, and gives copies', () => {
    const store = new KvStore();
    const transaction = store.begin();
    const map = transaction.map('m');
    const key = utf8('a');
    const value = utf8('1');
    map.set(key, value);
    key[0] = 0;
    value[0] = 0;
    map.get(utf8('a'))?.fill(0);
    map.forEach((given, at) => {
      given.fill(0);
      at.fill(0);
    });
    assert.equal(textAt(map, 'a'), '1');
    store.commit(transaction);
    store.begin().map('m').get(utf8('a'))?.fill(0);
    assert.equal(textAt(store.begin().map('m'), 'a'), '1');
  });

  test('visits what was there when the visit began, whatever the visitor writes, until it says no more', () => {
    const store = withEntries({ a: '1', b: '2', c: '3' });
    const map = store.begin().map('m');
    map.delete(utf8('b'));
    setText(map, 'd', '4');
    const visited: string[] = [];
    map.forEach((value, key) => {
      visited.push(`${String.fromCharCode(...key)}${String.fromCharCode(...value)}`);
      for (const other of ['a', 'b', 'c', 'd', 'e']) setText(map, other, 'new');
      map.delete(utf8('c'));
    });
    assert.deepEqual(visited.toSorted(), ['a1', 'c3', 'd4']);
    assert.deepEqual(
      entriesOf(map).map(([key]) => key),
      ['a', 'b', 'd', 'e'],
    );
    let visits = 0;
    map.forEach(() => ++visits < 2);
    assert.equal(visits, 2);
    assert.throws(() => map.forEach(() => store.compact(1)), misused);
    store.compact(1);
  });

  test('lets blind writes and removals pass each other, and refuses what has read', () => {
    const store = withEntries({ a: '1' });
    const [blind, remover, reader, counter] = [store.begin(), store.begin(), store.begin(), store.begin()];
    setText(blind.map('m'), 'a', 'blind');
    remover.map('m').delete(utf8('a'));
    setText(reader.map('m'), 'b', `${textAt(reader.map('m'), 'a')}`);
    setText(counter.map('m'), 'c', `${counter.map('m').size}`);
    assert.equal(store.commit(blind)?.seqno, 2);
    assert.equal(store.commit(remover)?.seqno, 3);
    assert.equal(store.commit(reader), undefined);
    assert.equal(store.commit(counter), undefined);
    assert.equal(store.begin().map('m').size, 0);
  });

  test('goes back to a seqno, and not before the last that is compacted', () => {
    const store = withEntries({ a: '1' });
    const late = store.begin();
    late.map('m').clear();
    setText(late.map('new'), 'x', 'y');
    store.commit(late);
    const reader = store.begin();
    store.rollback(1);
    assert.throws(
      () => reader.map('m').size,
      (error) => isEnclosError(error, 'KV_CONFLICT'),
    );
    assert.deepEqual(entriesOf(store.begin().map('m')), [['a', '1']]);
    assert.deepEqual(store.mapNames(), ['m']);
    store.compact(1);
    for (const seqno of [0, 2, -1, 0.5, Number.NaN]) assert.throws(() => store.rollback(seqno), misused);
    for (const seqno of [0, 2]) assert.throws(() => store.compact(seqno), misused);
  });

  test('ends a transaction once, and knows its own', () => {
    const store = new KvStore();
    const transaction = store.begin();
    setText(transaction.map('m'), 'a', '1');
    store.commit(transaction);
    assert.throws(() => store.commit(transaction), misused);
    assert.throws(() => transaction.map('m').get(utf8('a')), misused);
    assert.throws(() => new KvStore().commit(store.begin()), misused);
    store.discard(transaction);
  });

  test('replays a ledger, entry after entry', () => {
    const first = withEntries({ a: '1', b: '2' });
    const second = new KvStore();
    const transaction = first.begin();
    transaction.map('m').clear();
    setText(transaction.map('m'), 'c', '3');
    const writeSet = first.commit(transaction)?.writeSet ?? [];
    second.apply(1, []);
    assert.throws(() => second.apply(1, writeSet), misused);
    assert.throws(() => second.apply(3, writeSet), misused);
    assert.throws(() => second.apply(2, [...writeSet, ...writeSet]), misused);
    second.apply(2, writeSet);
    assert.deepEqual(entriesOf(second.begin().map('m')), [['c', '3']]);
    assert.equal(new KvStore({ version: 41 }).version, 41);
  });

  test('works past the seqnos that 32 bits hold', () => {
    const store = new KvStore({ version: 2 ** 32 + 5 });
    const transaction = store.begin();
    setText(transaction.map('m'), 'a', '1');
    store.commit(transaction);
    assert.equal(store.begin().map('m').versionOfPreviousWrite(utf8('a')), 2 ** 32 + 6);
  });
});

describe('the execution of a transaction', () => {
  test('begins again while others change what was read, 30 times', async () => {
    const store = withEntries({ a: '0' });
    let attempts = 0;
    const disturbed = (disturbances: number) =>
      execute(store, (transaction) => {
        setText(transaction.map('m'), 'sum', `${textAt(transaction.map('m'), 'a')}`);
        if (attempts++ < disturbances) {
          const other = store.begin();
          setText(other.map('m'), 'a', String(attempts));
          store.commit(other);
        }
        return attempts;
      });
    assert.equal((await disturbed(29)).result, 30);
    assert.equal(textAt(store.begin().map('m'), 'sum'), '29');
    attempts = 0;
    await assert.rejects(disturbed(30), (error) => isEnclosError(error, 'KV_CONFLICT'));
    assert.equal(attempts, 30);
  });

  test('begins again after a rollback under it', async () => {
    const store = withEntries({ a: '0' });
    let attempts = 0;
    await execute(store, (transaction) => {
      if (attempts++ === 0) store.rollback(0);
      transaction.map('m').clear();
    });
    assert.equal(attempts, 2);
  });

  test('writes nothing when the result is not kept, or the work throws', async () => {
    const store = new KvStore();
    const work = (): number => 404;
    const { seqno } = await execute(store, (transaction) => (setText(transaction.map('m'), 'a', '1'), work()), {
      keeps: (status) => status < 300,
    });
    assert.equal(seqno, undefined);
    await assert.rejects(
      execute(store, () => Promise.reject(new Error('no'))),
      /no/,
    );
    assert.equal(store.version, 0);
  });
});
