import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { endedChildrenMicros, usedMicros } from '../src/harness/processor-time.ts';

test('the processor time of a process counts once it has ended', () => {
  const before = endedChildrenMicros();
  const usedBefore = usedMicros(process.pid);
  const usesMicros = 'while (process.cpuUsage().user < 200_000);';
  execFileSync(process.execPath, ['-e', usesMicros]);
  // The kernel and Node round differently.
  assert.ok(endedChildrenMicros() - before >= 150_000);
  assert.ok(usedMicros(process.pid) - usedBefore >= 150_000);
});
