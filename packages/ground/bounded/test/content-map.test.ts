import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ContentMap } from '../src/index.ts';

const owner = {};
const bytes = fc.uint8Array({ maxLength: 300 });

test('a value is found by the same content and by no other', () => {
  fc.assert(
    fc.property(bytes, bytes, (content, other) => {
      const map = new ContentMap<string>(4);
      map.set(owner, content, 'value');
      assert.equal(map.get(owner, content.slice()), 'value');
      assert.equal(map.get(owner, other), Buffer.compare(content, other) === 0 ? 'value' : undefined);
    }),
  );
});

test('every changed, added and removed byte is another key', () => {
  for (const length of [1, 64, 65, 500]) {
    const content = Uint8Array.from({ length }, (_, index) => index);
    const map = new ContentMap<number>(4);
    map.set(owner, content, length);
    for (let index = 0; index < length; index++) {
      assert.equal(
        map.get(
          owner,
          content.map((byte, at) => (at === index ? byte ^ 1 : byte)),
        ),
        undefined,
      );
    }
    assert.equal(map.get(owner, content.subarray(0, -1)), undefined);
    assert.equal(map.get(owner, Uint8Array.of(...content, 0)), undefined);
    assert.equal(map.get(owner, content), length);
  }
});

test('two keys with one sample take turns, and are never taken for each other', () => {
  const first = new Uint8Array(6400);
  const second = first.map((byte, index) => (index === 1 ? 1 : byte));
  const map = new ContentMap<string>(4);
  map.set(owner, first, 'first');
  map.set(owner, second, 'second');
  assert.deepEqual([map.get(owner, first), map.get(owner, second), map.size], [undefined, 'second', 1]);
});

test('long contents that differ early or late are kept beside each other', () => {
  const same = new Uint8Array(500);
  const contents = [same, same.map((_, at) => Number(at < 8)), same.map((_, at) => Number(at >= 485))];
  const map = new ContentMap<number>(4);
  for (const [index, content] of contents.entries()) map.set(owner, content, index);
  assert.deepEqual([...contents.map((content) => map.get(owner, content)), map.size], [0, 1, 2, 3]);
});

test('a content of another length is another key, even with the same sample', () => {
  const map = new ContentMap<string>(4);
  map.set(owner, new Uint8Array(200), 'value');
  assert.equal(map.get(owner, new Uint8Array(100)), undefined);
  assert.equal(map.get(owner, new Uint8Array(300)), undefined);
});

test('another owner has other entries, and what is kept is a copy', () => {
  const content = new Uint8Array(100);
  const map = new ContentMap<string>(4);
  map.set(owner, content, 'value');
  assert.equal(map.get({}, content), undefined);
  content.fill(1);
  assert.deepEqual([map.get(owner, content), map.get(owner, new Uint8Array(100))], [undefined, 'value']);
});

test('bytes that lie elsewhere in memory are the same bytes', () => {
  const content = Uint8Array.from({ length: 103 }, (_, index) => index);
  const map = new ContentMap<string>(4);
  map.set(owner, content, 'value');
  for (const offset of [1, 2, 3, 4, 5, 6, 8]) {
    const moved = new Uint8Array(200);
    moved.set(content, offset);
    assert.equal(map.get(owner, moved.subarray(offset, offset + 103)), 'value');
    for (const index of [0, 50, 101, 102]) {
      const changed = moved.slice();
      changed[offset + index] = 255;
      assert.equal(map.get(owner, changed.subarray(offset, offset + 103)), undefined);
    }
  }
});

test('what is too large is not kept', () => {
  const map = new ContentMap<string>(4);
  map.set(owner, new Uint8Array(16_384), 'kept');
  assert.equal(map.get(owner, new Uint8Array(16_384)), 'kept');
  map.set(owner, new Uint8Array(16_385), 'value');
  assert.deepEqual([map.get(owner, new Uint8Array(16_385)), map.size], [undefined, 1]);
});

test('a map for nothing keeps nothing', () => {
  const map = new ContentMap<string>(0);
  map.set(owner, new Uint8Array(3), 'value');
  assert.deepEqual([map.get(owner, new Uint8Array(3)), map.size], [undefined, 0]);
});
