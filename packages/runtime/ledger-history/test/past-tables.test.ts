import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { KvStore } from '@enclos/kv';
import type { MapChanges, MapWrite } from '@enclos/ledger';
import fc from 'fast-check';
import { beginPast } from '../src/index.ts';

const changes = (name: string, writes: readonly MapWrite[], removes: readonly Uint8Array[] = []): MapChanges => ({
  name,
  readVersion: 0,
  writes,
  removes,
});

const key = fc.uint8Array({ maxLength: 3 });
const rows = fc.uniqueArray(fc.tuple(key, fc.uint8Array({ maxLength: 3 })), { selector: ([of]) => of.join() });

test('the tables of the past are those of a store that applied the entry alone', () => {
  fc.assert(
    fc.property(rows, rows, fc.array(key), fc.integer({ min: 1, max: 2 ** 40 }), (a, b, removed, seqno) => {
      const removes = removed.filter((of) => !a.some(([written]) => written.join() === of.join()));
      const writeSet = [changes('a', a, removes), changes('public:b', b)];
      const store = new KvStore({ version: seqno - 1 });
      store.apply(seqno, writeSet);
      const [expected, actual] = [store.begin(), beginPast(seqno, writeSet)];
      assert.equal(actual.readVersion, expected.readVersion);
      for (const name of ['a', 'public:b', 'c']) {
        const [there, here] = [expected.map(name), actual.map(name)];
        assert.equal(here.size, there.size);
        for (const of of [...a.map(([written]) => written), ...b.map(([written]) => written), ...removed]) {
          assert.deepEqual(here.get(of), there.get(of));
          assert.equal(here.versionOfPreviousWrite(of), there.versionOfPreviousWrite(of));
        }
      }
    }),
    { numRuns: 50 },
  );
});

test('a map, or a key of a map, does not stand twice in an entry', () => {
  const row: MapWrite = [utf8('k'), utf8('v')];
  for (const writeSet of [[changes('a', [row]), changes('a', [])], [changes('a', [row, row])]]) {
    assert.throws(
      () => beginPast(1, writeSet),
      (error) => isEnclosError(error, 'KV_MISUSED'),
    );
  }
});

test('the time is looked at before the first row, each 1,024 rows, and each megabyte', () => {
  const looksOf = (writeSet: readonly MapChanges[]): number => {
    let looks = 0;
    beginPast(1, writeSet, () => void (looks += 1));
    return looks;
  };
  const many = (count: number, length: number): readonly MapWrite[] =>
    Array.from({ length: count }, (_, at) => [utf8(`${at}`), new Uint8Array(length)]);
  assert.equal(looksOf([changes('a', [])]), 1);
  assert.equal(looksOf([changes('a', many(1023, 0))]), 1);
  assert.equal(looksOf([changes('a', many(1024, 0))]), 2);
  assert.equal(looksOf([changes('a', many(3, 1024 ** 2))]), 3);
  assert.equal(looksOf(Array.from({ length: 2049 }, (_, at) => changes(`a${at}`, []))), 3);
  const stop = new Error('The time is up.');
  let looks = 0;
  const end = (): void => {
    looks += 1;
    if (looks === 2) throw stop;
  };
  assert.throws(() => beginPast(1, [changes('a', many(5000, 0))], end), stop);
  assert.equal(looks, 2);
});
