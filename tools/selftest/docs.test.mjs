import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { problemsOfEntry } from '../docs/error-pages.mjs';
import { checkLinks } from '../docs/links.mjs';
import { anchorsOf, parseMarkdown } from '../docs/markdown.mjs';
import { checkPackagePages } from '../docs/package-pages.mjs';
import { withTable } from '../docs/performance-table.mjs';
import { publishingProblems, registryCommands } from '../docs/published.mjs';
import { checkTemplateImports } from '../docs/template-imports.mjs';
import { createWalk, missingLine, readersPlace } from '../docs/walk.mjs';
import { filesUnder, fromRoot, root, workspaces } from '../lib/workspace.mjs';

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

test('docs: a package without a README, or that docs/README.md does not lead to, is found', () => {
  mkdirSync(join(base, 'docs'), { recursive: true });
  mkdirSync(join(base, 'packages/ground/one'), { recursive: true });
  writeFileSync(join(base, 'docs/README.md'), '[one](../packages/ground/one)\n');
  writeFileSync(join(base, 'packages/ground/one/README.md'), '# one\n');
  const one = { folder: 'packages/ground/one' };
  assert.deepEqual(checkPackagePages([one], base), []);
  assert.deepEqual(checkPackagePages([one, { folder: 'packages/ground/two' }], base), [
    'packages/ground/two/README.md: missing',
    'docs/README.md: the list of packages lacks packages/ground/two',
  ]);
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

test('walkthroughs: expected lines come in their order, with anything where it says so', () => {
  const output = 'made it\n  12 files\nready (in 3 ms)\n';
  assert.equal(missingLine('made it\nready (in … ms)', output), undefined);
  assert.equal(missingLine('…\n  … files\n…', output), undefined);
  assert.equal(missingLine('ready (in … ms)\nmade it', output), 'made it');
  assert.equal(missingLine('made', output), 'made');
  assert.equal(missingLine('ready .in 3 ms.', output), 'ready .in 3 ms.');
});

const follow = (...blocks) =>
  createWalk('selftest.md', readersPlace('selftest.md', { base: mkdtempSync(join(base, 'walk-')) })).follow(
    blocks.map((block, line) => ({ line, ...block })),
  );

test('walkthroughs: a loop that waits for a program in the background has to end with that program', async () => {
  const dead = '(echo no room >&2; exit 3) &\nsleep 0.2\n';
  const waits = 'until [ -S p.sock ]; do sleep 0.1; done';
  assert.match(await follow({ info: 'sh', body: dead + waits }), /:0: a loop that waits ends by/);
  const guarded = waits.replace('; do', ' || ! kill -0 $! 2> /dev/null; do');
  const told = await follow({ info: 'sh', body: `${dead}${guarded}\n[ -S p.sock ]` });
  assert.match(told, /:0: exit code 1\n {4}no room/);
});

test('walkthroughs: a program that stays is ended when it has said the text, and told of when it has not', async () => {
  const stays = 'sh until="The service answers."';
  assert.equal(await follow({ info: stays, body: 'sh -c "echo The service answers.; sleep 100"' }), undefined);
  assert.match(
    await follow({ info: stays, body: 'sh -c "echo no port; exit 4"' }),
    /:0: does not say "The service answers\.": exit code 4\n {4}no port/,
  );
});

test('walkthroughs: commands that need containers run on the machine of the reader', async () => {
  const place = readersPlace('selftest.md', { base: mkdtempSync(join(base, 'walk-')) });
  const words = (folder) => ['env', `--chdir=${folder}`, 'MACHINE=private'];
  const blocks = [
    { info: 'sh containers', body: 'mkdir -p a && cd a && echo "on a $MACHINE machine"', line: 0 },
    { info: 'text', body: 'on a private machine', line: 1 },
    { info: 'sh containers', body: 'pwd', line: 2 },
    { info: 'text', body: '…/a', line: 3 },
  ];
  assert.equal(await createWalk('selftest.md', { ...place, words }).follow(blocks), undefined);
  assert.match(await createWalk('selftest.md', place).follow(blocks), /does not print "on a private machine"/);
});

test('walkthroughs: what a page leaves in the background serves its later blocks, and ends with it', async () => {
  const noted = join(base, 'left.pid');
  const told = await follow(
    // As npx does it: the program is a child of what the shell knows, so `kill %1` does not reach it.
    {
      info: 'sh',
      body: `bash -c 'sleep 300 & echo $! > "${noted}"; wait' > log 2>&1 &\nuntil [ -s "${noted}" ] || ! kill -0 $!; do sleep 0.1; done\nkill %1`,
    },
    { info: 'sh', body: `kill -0 "$(cat "${noted}")"` },
  );
  assert.equal(told, undefined);
  assert.throws(() => process.kill(Number(readFileSync(noted, 'utf8')), 0), { code: 'ESRCH' });
});

test('walkthroughs: a command of this repository is never taken from the registry', async () => {
  for (const name of ['enclos', 'tsc']) {
    assert.match(await follow({ info: 'sh', body: `npx ${name} --version` }), /write npx --no/);
    // What npm does: an option that follows the name at once is npm's, unless `--` is before the name.
    assert.match(await follow({ info: 'sh', body: `npx --no ${name} --version` }), /write npx --no --/);
    assert.equal(await follow({ info: 'sh', body: `npx --no -- ${name} --version` }), undefined);
  }
});

test('walkthroughs: a file is written, folders last, and a wrong or failed command is told with its line', async () => {
  const file = { info: 'ts file=src/a.ts', body: 'const a = 1;' };
  const enter = { info: 'sh', body: 'cd src' };
  assert.equal(
    await follow(file, enter, { info: 'sh', body: 'cat a.ts' }, { info: 'text', body: 'const a = 1;' }),
    undefined,
  );
  assert.match(await follow(file, { info: 'sh', body: 'cat a.ts\nfalse' }), /selftest\.md:1: exit code 1/);
  assert.match(
    await follow({ info: 'sh', body: 'echo b' }, { info: 'text', body: 'a' }),
    /:1: does not print "a", but\n {4}b$/,
  );
  assert.equal(await follow({ info: 'sh ignore: it is not there', body: 'false' }), undefined);
});

test('docs: a page that makes a project says where the packages come from', () => {
  const pages = [
    ...filesUnder(join(root, 'docs'), (file) => file.endsWith('.md')),
    ...workspaces().map(({ path }) => join(path, 'README.md')),
  ].filter((page) => existsSync(page));
  const made = pages.filter((page) => readFileSync(page, 'utf8').includes('npx --no enclos new ../'));
  assert.ok(made.length > 10);
  const silent = made.filter(
    (page) => !/where-the-packages-come-from|## Where the packages/.test(readFileSync(page, 'utf8')),
  );
  assert.deepEqual(silent.map(fromRoot), []);
});

test('docs: an error that a package declares has a code, a kind, a summary and advice in their forms', () => {
  const good = { code: 'PAINT_EMPTY', kind: 'usage', summary: 'There is no paint.', next: 'Fill the bucket.' };
  assert.deepEqual(problemsOfEntry(good), []);
  const cases = [
    { entry: { ...good, code: 'PAINT' }, pattern: /SCREAMING_SNAKE_CASE/ },
    { entry: { ...good, code: `PAINT_${'A'.repeat(59)}` }, pattern: /at most 64 characters/ },
    { entry: { ...good, kind: 'sad' }, pattern: /has the kind sad/ },
    { entry: { ...good, summary: 'No period' }, pattern: /has a summary/ },
    { entry: { ...good, next: 'Two\nlines.' }, pattern: /has a next step/ },
    { entry: { ...good, next: 'Look up the error code.' }, pattern: /has no advice/ },
  ];
  for (const { entry, pattern } of cases) {
    assert.match(problemsOfEntry(entry).join(), pattern);
  }
});

test('docs: a command that asks a registry for a package of Enclos is found, and what is installed is not', () => {
  const refused = [
    'npx enclos run',
    'npx -y enclos@latest run',
    'npx @enclos/cli new notes',
    'npx create-enclos notes',
    'pnpm dlx enclos',
    'npm create enclos notes',
    'npm init enclos@latest',
    'pnpm create enclos notes',
    'npm install @enclos/http',
    'npm i zod @enclos/errors@0.1.0',
    'npm install -g enclos',
  ];
  for (const command of refused) assert.equal(registryCommands(`a\n  ${command}`)[0]?.line, 2, command);
  const fine = [
    'npx --no enclos run',
    'npx --no -- enclos --version',
    'npx --no enclos-admission serve',
    'npm install',
    'npm install ../enclos/.packages/enclos-http-*.tgz',
    'npm install && npm start',
    'npm ci && npm run packages',
    'npm install\n`@enclos/http` is another line',
  ];
  for (const command of fine) assert.deepEqual(registryCommands(command), [], command);
});

test('docs: pages of published packages say that they are not in force, and no page leads to them, until the switch', () => {
  const special = 'docs/how-to/install-from-npm.md';
  const problems = (texts, published) => {
    for (const [page, text] of Object.entries(texts)) {
      mkdirSync(join(base, page, '..'), { recursive: true });
      writeFileSync(join(base, page), text);
    }
    return publishingProblems(Object.keys(texts), base, published).join('\n');
  };
  const notInForce = { [special]: '**Not in force yet.** npm create enclos x' };
  assert.equal(problems(notInForce, false), '');
  assert.match(problems({ [special]: 'npm create enclos x' }, false), /does not say "\*\*Not in force yet/);
  const link = { ...notInForce, 'docs/README.md': '[npm](how-to/install-from-npm.md)' };
  assert.match(
    problems(link, false),
    /docs\/README\.md:1: link how-to\/install-from-npm\.md: that page is not in force/,
  );
  assert.match(problems({ 'docs/a.md': '\n`npx enclos run`' }, false), /^docs\/a\.md:2: "npx enclos" asks a registry/);
  assert.match(problems(link, true), /still says "\*\*Not in force yet/);
  const inForce = { ...link, [special]: 'npm create enclos x' };
  assert.equal(problems(inForce, true), '');
  assert.match(problems({ [special]: 'npm create enclos x' }, true), /no page leads to it/);
});

test('docs: files of a project import what its template or the page installs', () => {
  const templates = join(base, 'packages/cli/templates/app');
  mkdirSync(templates, { recursive: true });
  const manifest = { dependencies: { '@enclos/edl': '1' }, devDependencies: { '@types/node': '1' } };
  writeFileSync(join(templates, 'package.json'), JSON.stringify(manifest));
  const page = (installs, specifier) => {
    const file = `\`\`\`ts file=src/a.ts\nimport 'node:fs';\nimport { x } from '${specifier}';\n\`\`\`\n`;
    writeFileSync(
      join(base, 'made.md'),
      `\`\`\`sh\nnpx --no enclos new ../a --from .packages\n${installs}\n\`\`\`\n${file}`,
    );
    return checkTemplateImports(['made.md'], base);
  };
  assert.deepEqual(page('npm install', '@enclos/edl/sub'), []);
  assert.deepEqual(page('npm install', './b.ts'), []);
  assert.deepEqual(page('npm install ../x/enclos-{errors,http}-*.tgz', '@enclos/http'), []);
  assert.deepEqual(page('npm install zod@4.1.0', 'zod'), []);
  assert.deepEqual(page('npm install', '@enclos/errors'), [
    'made.md:7: @enclos/errors is imported, and the page never installs it: npm install @enclos/errors',
  ]);
  // A page that makes no project shows what it likes.
  writeFileSync(join(base, 'made.md'), "```ts file=src/a.ts\nimport 'zod';\n```\n");
  assert.deepEqual(checkTemplateImports(['made.md'], base), []);
});

test('docs: the first table of the figures is what the others say, and a row that is gone is found', () => {
  const page = readFileSync(join(root, 'docs/performance.md'), 'utf8');
  assert.deepEqual(withTable(page), { text: page, problems: [] });
  const row = /^\| start: .*$/m.exec(page)?.[0] ?? '';
  const changed = page.replace(row, row.replace(/ [\d,]+ ms/, ' 9,999 ms'));
  assert.match(withTable(changed).text, /\| start of an enclave.* 9,999 ms .*bench -- start/);
  assert.deepEqual(withTable(page.replace(row, '')).problems, [
    'docs/performance.md: no row of "start" with a bound begins with "start: "',
  ]);
});
