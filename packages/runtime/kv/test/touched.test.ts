import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { utf8 } from '@enclos/codec';
import { KvStore } from '@enclos/kv';
import { KeyTable } from '../src/records/key-table.ts';
import { TouchedKeys } from '../src/touched.ts';

/** Tells each call of a method of all tables. Not a mock, which would keep every call. */
function onEach(context: TestContext, method: 'next' | 'start', called: () => void): void {
  const before = Object.getOwnPropertyDescriptor(KeyTable.prototype, method);
  assert.ok(before);
  const original = before.value as (this: KeyTable, at: number) => number;
  const value = function told(this: KeyTable, at: number): number {
    called();
    return original.call(this, at);
  };
  Object.defineProperty(KeyTable.prototype, method, { ...before, value });
  context.after(() => void Object.defineProperty(KeyTable.prototype, method, before));
}

describe('the keys that a transaction touches', () => {
  test('are found in a few steps each, also where a loop over a map gives them in the order of their hashes', (context) => {
    const count = 10_000;
    const store = new KvStore();
    const writing = store.begin();
    for (let at = 0; at < count; at++) writing.map('m').set(utf8(`key ${at}`), utf8('v'));
    store.commit(writing);
    const map = store.begin().map('m');
    let steps = 0;
    onEach(context, 'next', () => {
      if (++steps > 10 * count) throw new RangeError('The runs of the table are too long.');
    });
    map.clear();
    assert.ok(steps > 0, 'steps are counted');
    assert.equal(map.size, 0);
  });

  test('are found again however many they are, and no step moves many of them', (context) => {
    const all = new TouchedKeys();
    const keyOf = (at: number): Uint8Array => Uint8Array.of(at, at >>> 8, at >>> 16);
    // Two keys share each hash, and are told apart by their bytes.
    const hashOf = (at: number): number => Math.imul(at >>> 1, 0x85eb_ca6b) >>> 0;
    let most = 0;
    let moved = 0;
    onEach(context, 'start', () => void moved++);
    const count = 70_000;
    for (let at = 0; at < count; at++) {
      assert.equal(all.find(hashOf(at), keyOf(at)), undefined);
      moved = 0;
      all.add(hashOf(at), keyOf(at));
      most = Math.max(most, moved);
    }
    assert.ok(most > 1000 && most <= 2 ** 15, `${most} keys were moved at once`);
    for (let at = 0; at < count; at += 7) assert.deepEqual(all.find(hashOf(at), keyOf(at))?.key, keyOf(at));
    assert.equal(all.find(hashOf(1), keyOf(2)), undefined);
  });
});
