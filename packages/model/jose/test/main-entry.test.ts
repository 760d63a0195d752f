import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const importPattern = /^(?:import\b[^;'"]*|export\s*(?:\{[^}]*\}|\*)\s*from\s*)'([^']+)'/gm;

/** Everything that a module of this package imports, directly or not. */
function importsOf(url: URL, seen: Set<string>): void {
  if (seen.has(url.href)) return;
  seen.add(url.href);
  for (const [, specifier = ''] of readFileSync(url, 'utf8').matchAll(importPattern)) {
    if (specifier.startsWith('.')) importsOf(new URL(specifier, url), seen);
    else seen.add(specifier);
  }
}

test('the main entry runs where there is no Node', () => {
  const seen = new Set<string>();
  importsOf(new URL('../src/index.js', import.meta.url), seen);
  assert.ok(seen.size > 8, 'the walk found the modules');
  assert.deepEqual(
    [...seen].filter((name) => !name.startsWith('file:') && !name.startsWith('@enclos/')),
    [],
  );
});
