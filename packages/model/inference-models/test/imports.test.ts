import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foreignImports } from '@enclos/testkit';

test('the entries that browsers use import nothing of Node', () => {
  for (const entry of ['index', 'graphs/index']) {
    assert.deepEqual(
      foreignImports(new URL(`../src/${entry}.js`, import.meta.url)).filter((name) => !isForBrowsers(name)),
      [],
    );
  }
  const seen = foreignImports(new URL('../src/index.js', import.meta.url));
  assert.ok(seen.includes('@enclos/codec'), 'the walk found the modules');
});

/** The entries of these packages that are for Node say so. */
function isForBrowsers(name: string): boolean {
  return /^@enclos\/(?:codec|errors|jose|open-inference)(?:\/(?!node$)[a-z0-9-]+)?$/.test(name);
}
