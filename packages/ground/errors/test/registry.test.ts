import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { errorRegistry, isErrorCode, type ErrorEntry, type ErrorKind } from '../src/index.ts';

const entries: readonly (readonly [string, ErrorEntry])[] = Object.entries(errorRegistry);

const kinds: Readonly<Record<ErrorKind, true>> = {
  usage: true,
  transient: true,
  evidence: true,
  policy: true,
  refused: true,
  lost: true,
};

/** The codes of every area file, found by folder: a file that index.ts forgets is found too. */
async function codesOfAreas(): Promise<readonly string[]> {
  const folder = new URL('../src/registry/', import.meta.url);
  const files = readdirSync(folder).filter((name) => name.endsWith('.js') && name !== 'index.js');
  const modules: readonly object[] = await Promise.all(files.map((name) => import(new URL(name, folder).href)));
  return modules.flatMap((area) => Object.values(area).flatMap((codes: object) => Object.keys(codes)));
}

test('every code is SCREAMING_SNAKE_CASE and short enough to cross the gate', () => {
  for (const [code] of entries) assert.match(code, /^(?=.{1,64}$)[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/, code);
});

test('every summary and next step is one line that ends with a period', () => {
  for (const [code, { summary, next }] of entries) {
    for (const text of [summary, next]) {
      assert.match(text, /^\S[^\n]*[^.\s]\.$/, code);
    }
  }
});

test('every kind is one of the documented kinds', () => {
  for (const [code, { kind }] of entries) assert.ok(Object.hasOwn(kinds, kind), code);
});

test('no entry has a key beside kind, summary and next', () => {
  for (const [code, entry] of entries) {
    assert.deepEqual(Object.keys(entry).toSorted(), ['kind', 'next', 'summary'], code);
  }
});

test('every area is in the registry, and no code is in two areas', async () => {
  const codes = await codesOfAreas();
  assert.deepEqual(codes.toSorted(), entries.map(([code]) => code).toSorted());
});

test('isErrorCode() knows registered codes only, and no name that every object has', () => {
  assert.ok(isErrorCode('CODEC_INVALID'));
  for (const name of ['', 'codec_invalid', 'NOT_A_CODE', 'constructor', '__proto__', 'toString']) {
    assert.equal(isErrorCode(name), false, name);
  }
});

test('docs/reference/errors/ has a page for every code, and only for those', () => {
  const folder = new URL('../../../../../docs/reference/errors/', import.meta.url);
  const documented = readdirSync(folder).map((name) => name.replace(/\.md$/, ''));
  assert.deepEqual(documented.toSorted(), entries.map(([code]) => code).toSorted());
  for (const [code, { kind, summary, next }] of entries) {
    const page = readFileSync(new URL(`${code}.md`, folder), 'utf8');
    const texts = [`# ${code}\n`, `\`${kind}\``, summary, next];
    for (const text of texts) assert.ok(page.includes(text), `${code}: ${text}`);
  }
});
