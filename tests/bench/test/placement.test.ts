import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placements } from '../src/harness/placement.ts';

test('where processes cannot be placed there are no placements, but an error that says what is missing', () => {
  const path = process.env['PATH'];
  process.env['PATH'] = '/nowhere';
  try {
    assert.throws(placements, /^Error: processes cannot be placed: taskset of util-linux is needed\.$/);
  } finally {
    process.env['PATH'] = path;
  }
});
