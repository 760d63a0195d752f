import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { endedChildrenMicros } from '../src/harness/processor-time.ts';

test('the processor time of a process counts once it has ended', () => {
  const before = endedChildrenMicros();
  const usesMicros = 'while (process.cpuUsage().user < 200_000);';
  execFileSync(process.execPath, ['-e', usesMicros]);
  // The kernel and Node round differently.
  assert.ok(endedChildrenMicros() - before >= 150_000);
});
