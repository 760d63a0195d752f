import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { checkPages, checkSources } from '../docs/words.mjs';

const made = [];
after(() => {
  for (const folder of made) rmSync(folder, { recursive: true });
});

function folderWith(path, text) {
  const base = mkdtempSync(join(tmpdir(), 'enclos-words-'));
  made.push(base);
  mkdirSync(join(base, path, '..'), { recursive: true });
  writeFileSync(join(base, path), text);
  return base;
}

const inPage = (text) => checkPages(['page.md'], folderWith('page.md', text));

for (const text of [
  'It is no evidence.',
  'Nobody listens.',
  'Each has a window of its own.',
  'It fails. Who never looks learns later.',
  'Of these it takes two.',
  'It is for who moves.',
  'It is known behind the handshake.',
  'That is not to be had from Node.',
]) {
  test(`words: a page may not say "${text}"`, () => {
    const [problem, ...others] = inPage(`A page.\n\n${text}\n`);
    assert.match(problem, /^page\.md:3: "/);
    assert.deepEqual(others, []);
  });
}

test('words: what only looks like one of them passes', () => {
  const page =
    'There is no shell. It is no longer here. Who may call it? Of course. It stands behind a proxy.\n\n' +
    '`is no code` is code.\n\n```\nnobody reads this\n```\n';
  assert.deepEqual(inPage(page), []);
});

const inSource = (code, path = 'packages/one/src/index.ts') => {
  const base = folderWith(path, code);
  writeFileSync(join(base, 'package.json'), JSON.stringify({ workspaces: ['packages/*'] }));
  writeFileSync(join(base, 'packages/one/package.json'), JSON.stringify({ name: 'one' }));
  return checkSources(base);
};

test('words: comments and texts of shipped code are held to them, names are not', () => {
  assert.match(inSource('// Nobody knows.\n')[0], /^packages\/one\/src\/index\.ts:1: "Nobody"/);
  assert.match(inSource('// Nobody knows.\n', 'packages/one/templates/app/src/host.ts')[0], /host\.ts:1: "Nobody"/);
  assert.match(inSource("\nexport const text = 'It is no quote.';\n")[0], /index\.ts:2: "is no/);
  assert.match(inSource('export const text = `${1} is no quote at all`;\n')[0], /"is no/);
  assert.deepEqual(inSource("export const nobody = ['is no'];\n"), []);
});
