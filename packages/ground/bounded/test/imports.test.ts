import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

test('everything here runs where there is no Node', () => {
  const folder = fileURLToPath(new URL('../src/', import.meta.url));
  const sources = readdirSync(folder).filter((name) => name.endsWith('.js'));
  assert.ok(sources.length >= 9);
  const imports = sources.flatMap((name) =>
    [...readFileSync(`${folder}${name}`, 'utf8').matchAll(/from '([^.'][^']*)'/g)].map(([, specifier]) => specifier),
  );
  assert.deepEqual(new Set(imports), new Set(['@enclos/codec', '@enclos/codec/text']));
});
