import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ImageMemory } from '../src/cpu/image-memory.ts';

const mebibyte = 1024 * 1024;

test('the memory of one image is that of the next which it has room for, once', () => {
  const memory = new ImageMemory();
  const first = memory.take(2 * mebibyte);
  assert.ok(first.length >= 2 * mebibyte);
  memory.giveBack(first.subarray(0, 5));
  const larger = memory.take(3 * mebibyte);
  assert.notEqual(larger.buffer, first.buffer);
  const second = memory.take(mebibyte);
  assert.equal(second.buffer, first.buffer);
  assert.notEqual(memory.take(mebibyte).buffer, first.buffer);
});

test('of two the larger is kept, and none of more than 64 MiB', () => {
  const memory = new ImageMemory();
  const [small, large] = [memory.take(mebibyte), memory.take(2 * mebibyte)];
  memory.giveBack(large);
  memory.giveBack(small);
  memory.giveBack(new Uint8Array(64 * mebibyte + 1));
  assert.equal(memory.take(1).buffer, large.buffer);
  assert.notEqual(memory.take(1).buffer, small.buffer);
});

test('it is kept for ten seconds', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const memory = new ImageMemory();
  const kept = memory.take(mebibyte);
  memory.giveBack(kept);
  t.mock.timers.tick(9999);
  const again = memory.take(mebibyte);
  assert.equal(again.buffer, kept.buffer);
  memory.giveBack(again);
  t.mock.timers.tick(10_000);
  assert.notEqual(memory.take(mebibyte).buffer, kept.buffer);
});
