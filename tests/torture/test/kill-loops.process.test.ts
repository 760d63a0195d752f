import assert from 'node:assert/strict';
import { test } from 'node:test';
import { killLoops } from '../src/kill/kill-loops.ts';
import { builtSteps } from '../src/kill/moments.ts';
import { createTally } from '../src/program.ts';
import { createWorkplace } from '../src/workplace.ts';

test('a few kills of enclave, host and platform tear nothing, hang nothing and leave nothing', async () => {
  const failures: string[] = [];
  const tally = createTally((line) => failures.push(line));
  const workplace = createWorkplace();
  try {
    const lanes = [await workplace.lane('lane')];
    await killLoops(lanes, { seed: 20_260_601, moments: 9, steps: builtSteps }, tally);
  } finally {
    workplace.close();
  }
  assert.equal(tally.failures, 0, failures.join('\n'));
});
