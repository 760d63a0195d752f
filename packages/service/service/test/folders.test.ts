import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../../src/', import.meta.url));

/** The folders that each folder imports. */
function importsByFolder(): ReadonlyMap<string, ReadonlySet<string>> {
  const imports = new Map<string, Set<string>>();
  for (const file of readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  )) {
    const from = dirname(file);
    for (const [, target = ''] of readFileSync(join(source, file), 'utf8').matchAll(/from '(\.[^']+)'/g)) {
      const to = dirname(relative(source, resolve(source, from, target)));
      if (to !== from && to !== '.' && from !== '.') imports.set(from, (imports.get(from) ?? new Set()).add(to));
    }
  }
  return imports;
}

test('no folder imports one that imports it, over however many others', () => {
  const imports = importsByFolder();
  assert.ok(imports.size >= 5, 'the walk found the folders');
  const reached = (from: string, seen = new Set<string>()): ReadonlySet<string> => {
    for (const to of imports.get(from) ?? []) if (!seen.has(to)) reached(to, seen.add(to));
    return seen;
  };
  assert.deepEqual(
    [...imports.keys()].filter((folder) => reached(folder).has(folder)),
    [],
  );
});
