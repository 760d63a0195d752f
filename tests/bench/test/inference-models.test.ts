import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { loads, manifestEntry } from '../src/inference/models.ts';

test('the measured list of models of the benchmarked service names the models that are made here', () => {
  const file = new URL('../../inference-server/models.json', import.meta.url);
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), { models: loads().map(manifestEntry) });
});
