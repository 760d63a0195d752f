import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { utf8 } from '@enclos/codec';
import { KvStore, type KvLook, type KvMap } from '@enclos/kv';

const large = new Uint8Array(5 * 1024 ** 2).fill(7);
const keyOf = (at: number): Uint8Array => utf8(`key ${at}`);
const count = 5000;

function full(): KvStore {
  const store = new KvStore();
  const transaction = store.begin();
  for (let at = 0; at < count; at++) transaction.map('m').set(keyOf(at), utf8('v'));
  transaction.map('large').set(keyOf(0), large);
  transaction.map('wide').set(new Uint8Array(600_000), utf8('v'));
  transaction.map('wide').set(new Uint8Array(600_001), utf8('v'));
  store.commit(transaction);
  return store;
}

function written(map: KvMap): KvMap {
  for (let at = 0; at < count; at++) map.set(keyOf(at), utf8('w'));
  return map;
}

function removed(map: KvMap): KvMap {
  for (let at = 0; at < count; at++) map.delete(keyOf(at));
  return map;
}

/** Each looks between steps of about a megabyte, or of a thousand keys. */
const attempts: Readonly<
  Record<string, readonly [looks: number, begin: (map: (name: string) => KvMap, look?: KvLook) => () => unknown]>
> = {
  'a visit': [4, (map, look) => () => map('m').forEach(() => {}, look)],
  'a visit of own writes': [
    4,
    (map, look) => {
      const own = written(map('own'));
      return () => own.forEach(() => {}, look);
    },
  ],
  'a visit of what was removed, which visits nothing': [
    9,
    (map, look) => {
      const own = removed(map('m'));
      return () => own.forEach(() => assert.fail('a removed key is visited'), look);
    },
  ],
  'a visit of long keys': [1, (map, look) => () => map('wide').forEach(() => {}, look)],
  'a visit of a large value': [
    6,
    (map, look) => () => map('large').forEach((value) => assert.deepEqual(value, large), look),
  ],
  'a clearing': [4, (map, look) => () => map('m').clear(look)],
  'a clearing of own writes': [
    4,
    (map, look) => {
      const own = written(map('own'));
      return () => own.clear(look);
    },
  ],
  'a read of a large value': [5, (map, look) => () => assert.deepEqual(map('large').get(keyOf(0), look), large)],
  'a write of a large value': [5, (map, look) => () => map('own').set(keyOf(0), large, look)],
};

describe('what takes long', () => {
  for (const [name, [expected, begin]] of Object.entries(attempts)) {
    test(`is done in steps, between which a look may end it: ${name}`, () => {
      const store = full();
      let looks = 0;
      const transaction = store.begin();
      const map = (of: string): KvMap => transaction.map(of);
      begin(map, () => void looks++)();
      assert.equal(looks, expected);
      begin(map)();
      const late = begin(
        (of) => store.begin().map(of),
        () => {
          throw new RangeError('late');
        },
      );
      assert.throws(late, RangeError);
      // The store is not held any more.
      store.discard(transaction);
    });
  }

  test('gives copies, also where they are made in parts', () => {
    const transaction = full().begin();
    const map = transaction.map('large');
    const given = large.slice();
    map.set(keyOf(1), given, () => {});
    given.fill(0);
    for (const at of [0, 1]) {
      map.get(keyOf(at), () => {})?.fill(0);
      map.forEach(
        (value) => void value.fill(0),
        () => {},
      );
      assert.deepEqual(map.get(keyOf(at)), large);
    }
  });

  test('looks nowhere in a value of a megabyte, and twice in one of a byte more', () => {
    const map = new KvStore().begin().map('m');
    for (const [bytes, expected] of [
      [1024 ** 2, 0],
      [1024 ** 2 + 1, 2],
    ] as const) {
      let looks = 0;
      map.set(keyOf(0), new Uint8Array(bytes), () => void looks++);
      assert.equal(looks, expected);
      assert.equal(map.get(keyOf(0))?.length, bytes);
    }
  });

  test('ends at the first entry for which a visit returns false, be it of the state or of the transaction', () => {
    const transaction = full().begin();
    for (const map of [transaction.map('m'), written(transaction.map('own'))]) {
      let visited = 0;
      map.forEach(() => ++visited < 3);
      assert.equal(visited, 3);
    }
  });
});
