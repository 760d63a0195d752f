import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foreignImports } from '@enclos/testkit';

test('the entry imports nothing of Node, so that browsers can use it', () => {
  const seen = foreignImports(new URL('../src/index.js', import.meta.url));
  assert.ok(seen.includes('@enclos/hpke'), 'the walk found the modules');
  assert.deepEqual(
    seen.filter((name) => !isForBrowsers(name)),
    [],
  );
});

/** The entries of these packages that are for Node say so. */
function isForBrowsers(name: string): boolean {
  return /^@enclos\/(?:attestation|codec|errors|hpke|inference-models|jose|open-inference|receipts)(?:\/(?!node$)[a-z0-9-]+)?$/.test(
    name,
  );
}
