import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BoundedMap } from '../src/index.ts';

const filled = (maximum: number, keys: string): BoundedMap<string> => {
  const map = new BoundedMap<string>(maximum);
  for (const key of keys.split('')) map.set(key, key.toUpperCase());
  return map;
};
const kept = (map: BoundedMap<string>, keys: string): string =>
  keys
    .split('')
    .filter((key) => map.get(key) !== undefined)
    .join('');

test('what was not asked for longest is forgotten first', () => {
  const map = filled(3, 'abc');
  assert.equal(map.get('a'), 'A');
  map.set('d', 'D');
  assert.equal(kept(map, 'abcd'), 'acd');
  map.get('a');
  map.get('a');
  map.set('e', 'E');
  map.set('f', 'F');
  assert.deepEqual([kept(map, 'abcdef'), map.size], ['aef', 3]);
});

test('a key that is set again has its last value, and pushes nothing out', () => {
  const map = filled(2, 'ab');
  map.set('a', 'new');
  assert.deepEqual([map.get('a'), map.get('b'), map.size], ['new', 'B', 2]);
  map.set('b', 'newest');
  assert.deepEqual([map.get('a'), map.get('b'), map.size], ['new', 'newest', 2]);
  map.get('a');
  map.set('c', 'C');
  assert.equal(kept(map, 'abc'), 'ac');
  map.set('a', 'newer');
  map.set('d', 'D');
  assert.equal(kept(map, 'acd'), 'ad');
});

test('a deleted key is gone, and may come back', () => {
  const map = filled(2, 'ab');
  map.delete('b');
  map.delete('x');
  assert.deepEqual([map.get('b'), map.size], [undefined, 1]);
  map.set('b', 'again');
  assert.deepEqual([map.get('b'), map.get('a')], ['again', 'A']);
});

test('a map for nothing keeps nothing', () => {
  assert.deepEqual([filled(0, 'ab').size, filled(0, 'a').get('a')], [0, undefined]);
});
