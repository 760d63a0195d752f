import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { exportsOf } from '../docs/declarations.mjs';

const made = [];
after(() => {
  for (const folder of made) rmSync(folder, { recursive: true });
});

function entryOf(files) {
  const base = mkdtempSync(join(tmpdir(), 'enclos-api-'));
  made.push(base);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(base, name), text);
  return exportsOf(join(base, 'index.d.ts'));
}

test('api: exports are followed to where they are declared, under the name that users see', () => {
  const { own, foreign } = entryOf({
    'index.d.ts': "export { one as first, type Two } from './middle.ts';\nexport * from './all.ts';\n",
    'middle.d.ts': "import { one } from './deep.ts';\nexport { one };\nexport type { Two } from './deep.ts';\n",
    'deep.d.ts': '/** The first. */\nexport declare function one(): void;\nexport interface Two {}\n',
    'all.d.ts': "export declare const three = 3;\nexport type { Elsewhere } from '@enclos/sgx';\n",
  });
  assert.deepEqual(
    own.map(({ name, documentation }) => [name, documentation]),
    [
      ['first', 'The first.'],
      ['Two', ''],
      ['three', ''],
    ],
  );
  assert.deepEqual(foreign, [{ name: 'Elsewhere', from: '@enclos/sgx' }]);
});

test('api: overloads are one entry with the comment of the first', () => {
  const { own } = entryOf({
    'index.d.ts':
      '/** Adds. */\nexport declare function add(a: number): number;\nexport declare function add(a: string): string;\n',
  });
  assert.deepEqual(own, [
    {
      name: 'add',
      documentation: 'Adds.',
      signatures: [
        'export declare function add(a: number): number;',
        'export declare function add(a: string): string;',
      ],
    },
  ]);
});

test('api: a comment that stands apart from a declaration is not its documentation', () => {
  const { own } = entryOf({
    'index.d.ts': '/** Of the file. */\ndeclare const brand: unique symbol;\nexport declare const other: number;\n',
  });
  assert.deepEqual(
    own.map(({ name, documentation }) => [name, documentation]),
    [['other', '']],
  );
});
