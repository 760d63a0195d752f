import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evidenceExtensions } from '../src/carriers/index.ts';

test('every extension that is known to carry evidence is listed once', () => {
  const ids = evidenceExtensions.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ['1.2.840.113556.10.1.1', '1.3.6.1.4.1.311.105.1', '2.23.133.5.4.9']) assert.ok(ids.includes(id));
});
