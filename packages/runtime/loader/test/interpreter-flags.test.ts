import assert from 'node:assert/strict';
import { test } from 'node:test';
import { interpreterFlags } from '../src/index.ts';

const mebibyte = 1024n * 1024n;
const memoryFlags = (heapMiB: bigint): readonly string[] =>
  interpreterFlags({ heapSizeBytes: heapMiB * mebibyte, debug: false }).filter((flag) => /space|scavenge/.test(flag));

test('the young generation grows with the heap, up to that of V8, and a small one is scavenged by one thread', () => {
  const small = '--no-parallel-scavenge';
  assert.deepEqual(memoryFlags(16n), ['--max-old-space-size=16', '--max-semi-space-size=1', small]);
  assert.deepEqual(memoryFlags(64n), ['--max-old-space-size=64', '--max-semi-space-size=1', small]);
  assert.deepEqual(memoryFlags(256n), ['--max-old-space-size=256', '--max-semi-space-size=4', small]);
  assert.deepEqual(memoryFlags(512n), ['--max-old-space-size=512', '--max-semi-space-size=8', small]);
  assert.deepEqual(memoryFlags(1024n), ['--max-old-space-size=1024', '--max-semi-space-size=16']);
  assert.deepEqual(memoryFlags(8192n), ['--max-old-space-size=8192', '--max-semi-space-size=16']);
});
