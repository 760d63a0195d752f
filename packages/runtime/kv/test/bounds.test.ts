import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toHex, utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { execute, KvStore } from '@enclos/kv';
import { State } from '../src/state.ts';
import { setText } from './model.ts';

const fails = (code: string) => (error: unknown) => error instanceof Error && 'code' in error && error.code === code;
const misused = fails('KV_MISUSED');

function put(store: KvStore, key: string, value: string): void {
  const transaction = store.begin();
  setText(transaction.map('m'), key, value);
  store.commit(transaction);
}

describe('a store', () => {
  test('tells keys of one hash apart', () => {
    const state = new State([1, 2], 0);
    const seen = new Map<number, Uint8Array>();
    let pair: readonly [Uint8Array, Uint8Array] | undefined;
    for (let number = 0; pair === undefined; number++) {
      const key = utf8(`${number}`);
      const other = seen.get(state.hash(key));
      if (other !== undefined) pair = [other, key];
      seen.set(state.hash(key), key);
    }
    const [one, two] = pair;
    state.apply(1, [{ name: 'm', readVersion: 0, writes: [[one, utf8('1')]], removes: [] }]);
    const map = state.map('m');
    assert.ok(map);
    assert.equal(state.newest(map, state.hash(two), two), 0);
    assert.notEqual(state.newest(map, state.hash(one), one), 0);
  });

  test('hashes keys under two random words', (context) => {
    const orderUnder = (words: readonly number[]): string => {
      const draw = context.mock.method(crypto, 'getRandomValues', (array: Int32Array) => {
        array.set(words);
        return array;
      });
      const store = new KvStore();
      draw.mock.restore();
      const transaction = store.begin();
      for (let number = 0; number < 50; number++) setText(transaction.map('m'), `${number}`, '');
      store.commit(transaction);
      const keys: string[] = [];
      store
        .begin()
        .map('m')
        .forEach((_value, key) => void keys.push(toHex(key)));
      return keys.join(' ');
    };
    const orders = [
      [1, 1],
      [1, 2],
      [2, 1],
    ].map(orderUnder);
    assert.equal(new Set(orders).size, 3);
    assert.equal(orderUnder([1, 1]), orders[0]);
  });

  test('begins at a seqno, and at nothing else', () => {
    assert.equal(new KvStore({ version: 0 }).version, 0);
    for (const version of [-1, 0.5, 2 ** 53, Number.NaN]) assert.throws(() => new KvStore({ version }), misused);
  });

  test('lets no transaction end while a map is visited', () => {
    const store = new KvStore();
    put(store, 'a', '1');
    const transaction = store.begin();
    assert.throws(() => transaction.map('m').forEach(() => store.discard(transaction)), misused);
    store.discard(transaction);
    store.discard(transaction);
  });

  test('counts each map that it holds, and what it forgets no more', () => {
    const store = new KvStore();
    const before = store.heldBytes;
    const transaction = store.begin();
    for (let number = 0; number < 100; number++) setText(transaction.map(`map ${number}`), 'k', 'v');
    store.commit(transaction);
    assert.ok(store.heldBytes - before > 100 * 300, `${store.heldBytes - before}`);
    const cycle = (): number => {
      put(store, 'k', 'value');
      store.compact(store.version);
      return store.heldBytes;
    };
    for (let number = 0; number < 200; number++) cycle();
    const held = cycle();
    // Slabs are emptied in their turn, so that the same amount comes again.
    assert.ok(Array.from({ length: 2000 }, cycle).slice(-1000).includes(held));
  });

  test('loads no name, key or value above its limits', () => {
    const limits = { nameBytes: 4, keyBytes: 3, valueBytes: 2 };
    const load = (name: string, key: string, value: string): KvStore =>
      KvStore.load(
        { version: 1, maps: [{ name, version: 1, rows: [{ key: utf8(key), version: 1, value: utf8(value) }] }] },
        { limits },
      );
    assert.equal(load('name', 'key', 'vv').version, 1);
    for (const [name, key, value] of [
      ['names', 'key', 'vv'],
      ['name', 'keys', 'vv'],
      ['name', 'key', 'vvv'],
    ] as const) {
      assert.throws(() => load(name, key, value), fails('KV_TOO_LARGE'));
    }
  });
});

describe('what is executed', () => {
  test('tells its place and what it wrote', async () => {
    const store = new KvStore();
    const done = await execute(store, (transaction) => setText(transaction.map('m'), 'a', '1'));
    assert.deepEqual([done.readVersion, done.seqno, done.writeSet.length], [0, 1, 1]);
  });

  test('throws what is no conflict at once, and leaves no transaction open', async () => {
    const [store, other] = [new KvStore(), new KvStore()];
    for (const each of [store, other]) put(each, 'a', '1');
    let attempts = 0;
    await assert.rejects(
      execute(store, () => {
        attempts++;
        throw new RangeError('of its own');
      }),
      RangeError,
    );
    assert.equal(attempts, 1);
    await execute(store, () => 1, { keeps: () => false });
    for (const each of [store, other]) {
      for (let number = 0; number < 100; number++) put(each, 'a', `${number}`);
      each.compact(each.version);
    }
    assert.equal(store.heldBytes, other.heldBytes);
    const conflict = execute(
      store,
      (transaction) => {
        transaction.map('m').get(utf8('a'));
        put(store, 'a', 'again');
        setText(transaction.map('m'), 'b', '');
      },
      { attempts: 2 },
    );
    await assert.rejects(
      conflict,
      (error) => isEnclosError(error, 'KV_CONFLICT') && error.message.includes('2 attempts'),
    );
  });
});
