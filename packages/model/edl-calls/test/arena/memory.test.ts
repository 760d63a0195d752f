import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arenaMemory } from '../../src/index.ts';
import { hasCode } from '../refusals.ts';

test('memory is read inside the arena only, as a copy', () => {
  const bytes = Buffer.from([1, 2, 3, 4]);
  const memory = arenaMemory(bytes, 0x1000n);
  assert.equal(memory.reach(0x1001n), 3);
  assert.equal(memory.reach(0x1004n), 0);
  assert.equal(memory.reach(0xfffn), 0);
  assert.equal(memory.reach(2n ** 64n - 1n), 0);
  const copy = memory.read(0x1001n, 3);
  bytes[1] = 9;
  assert.deepEqual([...copy], [2, 3, 4]);
  assert.deepEqual([...memory.read(0x1004n, 0)], []);
  assert.deepEqual([...memory.read(0n, 0)], []);
  for (const [address, length] of [
    [0x1001n, 4],
    [0xfffn, 2],
    [0x1005n, 1],
    [-1n, 1],
  ] as const) {
    assert.throws(() => memory.read(address, length), hasCode('EDL_VALUE_REFUSED'));
  }
});
