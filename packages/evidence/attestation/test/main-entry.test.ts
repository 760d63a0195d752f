import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const importPattern = /^(?:import\b[^;'"]*|export\s*(?:\{[^}]*\}|\*)\s*from\s*)'([^']+)'/gm;

/** Everything that a module of this package imports, directly or not. */
function importsOf(url: URL, seen: Set<string>): void {
  if (seen.has(url.href)) return;
  seen.add(url.href);
  for (const [, specifier = ''] of readFileSync(fileURLToPath(url), 'utf8').matchAll(importPattern)) {
    if (specifier.startsWith('.')) importsOf(new URL(specifier, url), seen);
    else seen.add(specifier);
  }
}

function foreignImportsOf(entry: string): readonly string[] {
  const seen = new Set<string>();
  importsOf(new URL(`../src/${entry}.js`, import.meta.url), seen);
  assert.ok(seen.size > 20, 'the walk found the modules');
  return [...seen].filter((name) => !name.startsWith('file:')).sort();
}

const below = [
  '@enclos/bounded',
  '@enclos/codec',
  '@enclos/codec/json',
  '@enclos/codec/pem',
  '@enclos/codec/text',
  '@enclos/codec/x509',
];

test('the main entry runs where there is no Node', () => {
  assert.deepEqual(foreignImportsOf('index'), [...below, '@enclos/errors', '@enclos/sgx']);
});

test('the client adds the reader of tokens and nothing else', () => {
  assert.deepEqual(foreignImportsOf('client/index'), [
    ...below.filter((name) => name !== '@enclos/codec/pem'),
    '@enclos/errors',
    '@enclos/jose',
    '@enclos/sgx',
  ]);
});

test('the node entry adds node:crypto and nothing else', () => {
  assert.deepEqual(foreignImportsOf('node'), [...below, '@enclos/errors', '@enclos/sgx', 'node:crypto']);
});
