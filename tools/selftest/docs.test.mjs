import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { checkLinks } from '../docs/links.mjs';
import { anchorsOf, parseMarkdown } from '../docs/markdown.mjs';

let base;
before(() => {
  base = mkdtempSync(join(tmpdir(), 'enclos-docs-'));
});
after(() => rmSync(base, { recursive: true }));

function problemsOf(page) {
  writeFileSync(join(base, 'other.md'), '# The other page\n\n## A `code` word, twice\n\n## A `code` word, twice\n');
  writeFileSync(join(base, 'page.md'), page);
  return checkLinks(['page.md'], base);
}

test('docs: blocks keep their line, their info string and nested fences', () => {
  const { blocks, prose } = parseMarkdown('a\n```ts ignore: why\nconst a = 1;\n```\n````md\n```\n````\nb\n');
  assert.deepEqual(blocks, [
    { info: 'ts ignore: why', body: 'const a = 1;', line: 3 },
    { info: 'md', body: '```', line: 6 },
  ]);
  assert.deepEqual(
    prose.map(({ text }) => text),
    ['a', 'b', ''],
  );
});

test('docs: links to files and headings that exist pass', () => {
  const page = '[a](other.md) [b](other.md#a-code-word-twice-1) [c](#here) <https://x> [d](https://x/y)\n\n# Here\n';
  assert.deepEqual(problemsOf(page), []);
});

test('docs: a missing file, a missing heading and a way out of the repository are refused', () => {
  assert.match(problemsOf('\n[a](none.md)')[0], /^page.md:2: link none.md: no such file/);
  assert.match(problemsOf('[a](other.md#nowhere)')[0], /no heading #nowhere in other.md/);
  assert.match(problemsOf('[a](../etc/passwd)')[0], /leads out of the repository/);
  assert.match(problemsOf('[a]: none.md\n')[0], /no such file/);
});

test('docs: what looks like a link inside code is not one', () => {
  assert.deepEqual(problemsOf('`[a](none.md)`\n\n```\n[a](none.md)\n```\n'), []);
});

test('docs: anchors are those of GitHub', () => {
  const page = parseMarkdown('# `npm test`: what it runs\n## [Link](x.md) & more\n');
  assert.deepEqual([...anchorsOf(page)], ['npm-test-what-it-runs', 'link--more']);
});
