import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../lib/workspace.mjs';

const page = readFileSync(join(root, 'docs/reference/inference-tested.md'), 'utf8');

/** The rows of tables on the page: the names of tests, and the file of all of them. */
function rowsOf(text) {
  return text.split('\n').flatMap((line) => {
    const cells = line.split(' | ').map((cell) => cell.trim().replaceAll(/^\| ?| ?\|$/g, ''));
    const file = /^`([^`]+\.test\.ts)`$/.exec(cells.at(-1) ?? '')?.[1];
    const names = [...(cells.at(-2) ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name);
    return file === undefined ? [] : names.map((name) => ({ file, name }));
  });
}

/** Names that are composed have the rest of a template in them. */
function missing(rows) {
  return rows.filter(({ file, name }) => {
    const path = join(root, file);
    return !existsSync(path) || !readFileSync(path, 'utf8').includes(name);
  });
}

test('named tests: each test that the page of claims names is in the file that it names', () => {
  const rows = rowsOf(page);
  assert.ok(rows.length >= 30, `${rows.length} names`);
  assert.deepEqual(missing(rows), []);
  const defects = Array.from({ length: 10 }, (_, at) => `D${at + 1}`);
  const unnamed = defects.filter((defect) => !rows.some(({ name }) => new RegExp(`^${defect}[:,]`).test(name)));
  assert.deepEqual(unnamed, []);
});

test('named tests: a name that is in no file is found', () => {
  const row = '| a claim | `no test has this name` | `services/inference/test/ohttp.test.ts` |';
  assert.equal(missing(rowsOf(row)).length, 1);
});
