import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeptMemory } from '../src/cpu/kept-memory.ts';

const mebibyte = 1024 * 1024;
const keepingOne = (): KeptMemory => new KeptMemory({ most: 1, maxBytes: 4 * mebibyte });

test('memory that was given back is that of the next which it has room for, once', () => {
  const memory = keepingOne();
  const first = memory.take(2 * mebibyte);
  assert.ok(first.length >= 2 * mebibyte);
  memory.giveBack(first.subarray(0, 5));
  assert.notEqual(memory.take(3 * mebibyte).buffer, first.buffer);
  assert.equal(memory.take(mebibyte).buffer, first.buffer);
  assert.notEqual(memory.take(mebibyte).buffer, first.buffer);
});

test('of too many the larger are kept, and none above the bound', () => {
  const memory = keepingOne();
  const [small, large] = [memory.take(mebibyte), memory.take(2 * mebibyte)];
  memory.giveBack(large);
  memory.giveBack(small);
  memory.giveBack(new Uint8Array(4 * mebibyte + 1));
  assert.equal(memory.take(1).buffer, large.buffer);
  assert.notEqual(memory.take(1).buffer, small.buffer);
});

test('the smallest that has room is taken', () => {
  const memory = new KeptMemory({ most: 3, maxBytes: 4 * mebibyte });
  const [large, small, middle] = [4, 1, 2].map((size) => new Uint8Array(size * mebibyte));
  assert.ok(large !== undefined && small !== undefined && middle !== undefined);
  for (const each of [large, small, middle]) memory.giveBack(each);
  assert.equal(memory.take(mebibyte + 1).buffer, middle.buffer);
  assert.equal(memory.take(1).buffer, small.buffer);
  assert.equal(memory.take(1).buffer, large.buffer);
});

test('it is kept for ten seconds', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const memory = keepingOne();
  const kept = memory.take(mebibyte);
  memory.giveBack(kept);
  t.mock.timers.tick(9999);
  const again = memory.take(mebibyte);
  assert.equal(again.buffer, kept.buffer);
  memory.giveBack(again);
  t.mock.timers.tick(10_000);
  assert.notEqual(memory.take(mebibyte).buffer, kept.buffer);
});
