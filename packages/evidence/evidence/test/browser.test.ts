import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { utf8 } from '@enclos/codec';
import { pem, scenario } from '@enclos/evidence-kit';
import { explain, explainAsync } from '../src/explain.ts';
import { explainFields } from '../src/fields.ts';
import { sha256 } from './sha256.ts';

const importPattern = /^(?:import\b[^;'"]*|export\s*(?:\{[^}]*\}|\*)\s*from\s*)'([^']+)'/gm;

/** Everything that a module of this package imports, directly or not. */
function importsOf(url: URL, seen: Set<string>): Set<string> {
  if (seen.has(url.href)) return seen;
  seen.add(url.href);
  for (const [, specifier = ''] of readFileSync(url, 'utf8').matchAll(importPattern)) {
    if (specifier.startsWith('.')) importsOf(new URL(specifier, url), seen);
    else seen.add(specifier);
  }
  return seen;
}

for (const entry of ['index', 'explain', 'fields', 'verify']) {
  test(`${entry} runs where there is no Node`, () => {
    const seen = importsOf(new URL(`../src/${entry}.js`, import.meta.url), new Set());
    const foreign = [...seen].filter((name) => !name.startsWith('file:'));
    assert.ok(foreign.length > 2, 'the walk found the modules');
    assert.deepEqual(
      // The entries of these packages that are for Node say so.
      foreign.filter(
        (name) => !/^@enclos\/(?:attestation|codec|diagnostics|errors)(?:\/(?!node$)[a-z0-9-]+)?$/.test(name),
      ),
      [],
    );
  });
}

test('explained over WebCrypto, evidence says the same', async () => {
  const { quote, root, at } = scenario();
  for (const bytes of [quote, utf8(root.certificate), utf8(pem(quote)), new Uint8Array()]) {
    const options = { sha256, now: at };
    assert.deepEqual(await explainAsync(bytes, { now: at }), explain(bytes, options));
  }
  const [verified, ...fields] = explain(quote, { sha256, now: at }).nodes;
  assert.equal(verified?.label, 'verified');
  assert.deepEqual(await explainFields({ form: 'quote', bytes: quote }, at), fields);
  const { nodes } = await explainAsync(utf8(root.certificate));
  assert.match(nodes.find(({ label }) => label === 'public key, SHA-256')?.value ?? '', /^[0-9a-f]{64}$/);
  assert.ok(!JSON.stringify(nodes).includes('publicKeyInfo'));
});
