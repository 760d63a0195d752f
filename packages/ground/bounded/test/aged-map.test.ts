import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AgedMap } from '../src/index.ts';

test('an entry is found until it is too old, and not before its time', () => {
  const map = new AgedMap<string>(4, 100);
  map.set('a', 'x', 1000);
  const found = [999, 1000, 1099, 1100, Number.NaN].map((now) => map.get('a', now));
  assert.deepEqual(found, [undefined, 'x', 'x', undefined, undefined]);
  assert.equal(map.get('b', 1000), undefined);
});

test('a caller may allow another age, and setting begins a new one', () => {
  const map = new AgedMap<string>(4, 100);
  map.set('a', 'x', 0);
  assert.deepEqual([map.get('a', 150), map.get('a', 150, 200), map.get('a', 50, 20)], [undefined, 'x', undefined]);
  map.set('a', 'y', 150);
  assert.equal(map.get('a', 200), 'y');
  map.delete('a');
  assert.deepEqual([map.get('a', 200), map.size], [undefined, 0]);
});

test('one that keeps nothing keeps nothing', () => {
  const map = new AgedMap<string>(0, 100);
  map.set('a', 'x', 0);
  assert.deepEqual([map.get('a', 0), map.size], [undefined, 0]);
});

test('there are never more entries than the bound, and none is found past its age', () => {
  const steps = fc.array(fc.record({ key: fc.stringMatching(/^[a-h]$/), passedMs: fc.integer({ min: -50, max: 80 }) }));
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 4 }), (all, maximum) => {
      const map = new AgedMap<number>(maximum, 100);
      let now = 1000;
      for (const { key, passedMs } of all) {
        now += passedMs;
        const atMs = map.get(key, now);
        assert.ok(atMs === undefined || (now - atMs >= 0 && now - atMs < 100));
        map.set(key, now, now);
        assert.equal(map.get(key, now), now);
        assert.ok(map.size <= maximum);
      }
    }),
  );
});
