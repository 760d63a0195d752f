import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnclosError } from '@enclos/errors';
import { logRefusals } from '../../src/caller/refusals.ts';

test('connections that are refused again and again are one line in ten seconds for each reason', () => {
  const lines: unknown[] = [];
  let nowMs = 0;
  const refused = logRefusals({
    log: { warn: (event, error, fields) => lines.push([event, (error as EnclosError).code, fields?.['unsaidBefore']]) },
    now: () => nowMs,
  });
  const [unknown, uncounted] = [new EnclosError('AGENT_CALLER_UNKNOWN'), new EnclosError('AGENT_CGROUP_UNAVAILABLE')];
  for (; nowMs < 10_000; nowMs += 10) refused(unknown);
  assert.deepEqual(lines, [['connection-refused', 'AGENT_CALLER_UNKNOWN', undefined]]);
  // The flood of one pod does not hide another reason.
  refused(uncounted);
  assert.deepEqual(lines[1], ['connection-refused', 'AGENT_CGROUP_UNAVAILABLE', undefined]);
  refused(unknown);
  assert.deepEqual(lines[2], ['connection-refused', 'AGENT_CALLER_UNKNOWN', 999]);
});
