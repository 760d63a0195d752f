import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ContentMap } from '../src/content-map.ts';

const bytes = fc.uint8Array({ maxLength: 300 });

test('a value is found by the same content and by no other', () => {
  fc.assert(
    fc.property(bytes, bytes, (content, other) => {
      const map = new ContentMap<string>(4);
      map.set(content, 'value');
      assert.equal(map.get(content.slice()), 'value');
      assert.equal(map.get(other), Buffer.compare(content, other) === 0 ? 'value' : undefined);
    }),
  );
});

test('every changed, added and removed byte is another key', () => {
  for (const length of [1, 64, 65, 500]) {
    const content = Uint8Array.from({ length }, (_, index) => index);
    const map = new ContentMap<number>(4);
    map.set(content, length);
    for (let index = 0; index < length; index++) {
      assert.equal(map.get(content.map((byte, at) => (at === index ? byte ^ 1 : byte))), undefined);
    }
    assert.equal(map.get(content.subarray(0, -1)), undefined);
    assert.equal(map.get(Uint8Array.of(...content, 0)), undefined);
    assert.equal(map.get(content), length);
  }
});

test('two keys with one sample take turns, and are never taken for each other', () => {
  const first = new Uint8Array(6400);
  const second = first.map((byte, index) => (index === 1 ? 1 : byte));
  const map = new ContentMap<string>(4);
  map.set(first, 'first');
  map.set(second, 'second');
  assert.deepEqual([map.get(first), map.get(second), map.size], [undefined, 'second', 1]);
});

test('a map for nothing keeps nothing', () => {
  const map = new ContentMap<string>(0);
  map.set(new Uint8Array(3), 'value');
  assert.deepEqual([map.get(new Uint8Array(3)), map.size], [undefined, 0]);
});
