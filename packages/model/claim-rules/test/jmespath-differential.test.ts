import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as reference from 'jmespath';
import { json, query, search } from './queries.ts';

/** The result, or that there is none. */
function outcome(run: () => unknown): unknown {
  try {
    return { result: run() };
  } catch {
    return 'error';
  }
}

test('a query finds what the library of npm finds with it', () => {
  let found = 0;
  fc.assert(
    fc.property(json, query, (value, expression) => {
      const ours = outcome(() => JSON.parse(search(JSON.stringify(value), expression)) as unknown);
      const theirs = outcome(() => JSON.parse(JSON.stringify(reference.search(value, expression) ?? null)) as unknown);
      if (ours !== 'error' && !isEmpty(ours)) found++;
      assert.deepEqual(ours, theirs, expression);
    }),
    { numRuns: 5000 },
  );
  // Else the test compares nothing with nothing.
  assert.ok(found > 1000, String(found));
});

function isEmpty(value: unknown): boolean {
  return ['{"result":null}', '{"result":[]}'].includes(JSON.stringify(value));
}
