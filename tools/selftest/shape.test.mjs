import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { nounProblems } from '../floors/nouns.mjs';
import { ownerProblems, primitives } from '../floors/owners.mjs';
import { shapeProblems } from '../floors/shape.mjs';
import { sourcesOf } from '../floors/source.mjs';
import { root } from '../lib/workspace.mjs';

const made = [];
after(() => {
  for (const folder of made) rmSync(folder, { recursive: true });
});

/** What the rules say of a package with these sources, by the text of each problem. */
function problemsOf(files, { name = '@enclos/one', folder = 'packages/model/one' } = {}) {
  const base = mkdtempSync(join(tmpdir(), 'enclos-shape-'));
  made.push(base);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(base, folder, 'src', path)), { recursive: true });
    writeFileSync(join(base, folder, 'src', path), text);
  }
  const workspace = { name, folder, path: join(base, folder) };
  const sources = sourcesOf(workspace);
  return [...shapeProblems(workspace, sources), ...ownerProblems(sources, base), ...nounProblems(sources, base)].map(
    ({ where, what }) => `${where}: ${what}`,
  );
}

const lines = (count) => 'export {};\n'.repeat(count);

test('shape: a package of the right size passes, a larger one does not, and a named one has a bound of its own', () => {
  assert.deepEqual(problemsOf({ 'a.ts': lines(6000) }), []);
  assert.match(problemsOf({ 'a.ts': lines(6001) })[0], /^packages\/model\/one: src\/ has 6001 lines, at most 6000$/);
  const attestation = { name: '@enclos/attestation' };
  assert.deepEqual(problemsOf({ 'a.ts': lines(10_100) }, attestation), []);
  assert.equal(problemsOf({ 'a.ts': lines(10_101) }, attestation).length, 1);
});

test('shape: a folder has at most 20 files', () => {
  const files = (count) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`part/f${i}.ts`, lines(1)]));
  assert.deepEqual(problemsOf(files(20)), []);
  assert.match(problemsOf(files(21))[0], /src\/part: 21 files, at most 20/);
});

test('shape: folders do not import each other, over however many others, and all of them may share the root', () => {
  const one = { 'a/x.ts': "import '../b/y.ts';\n", 'b/z.ts': "import type { X } from '../a/w.ts';\n" };
  assert.match(
    problemsOf({ ...one, 'b/y.ts': lines(1), 'a/w.ts': lines(1) })[0],
    /src: folders import each other: a\/ \(x\.ts\), b\/ \(z\.ts\)$/,
  );
  const three = {
    'a/x.ts': "import '../b/y.ts';\n",
    'b/z.ts': "import '../c/v.ts';\n",
    'c/u.ts': "import '../a/w.ts';\n",
  };
  const ends = { 'b/y.ts': lines(1), 'c/v.ts': lines(1), 'a/w.ts': lines(1) };
  assert.match(problemsOf({ ...three, ...ends })[0], /a\/ \(x\.ts\), b\/ \(z\.ts\), c\/ \(u\.ts\)$/);
  const atRoot = { 'index.ts': "import './a/x.ts';\n", 'a/x.ts': "import '../errors.ts';\n", 'errors.ts': lines(1) };
  assert.deepEqual(problemsOf(atRoot), []);
});

test('shape: a folder and one inside it are held apart, but for the few that are named', () => {
  const nested = {
    'page/index.ts': "import './view/x.ts';\n",
    'page/view/y.ts': "import '../shared.ts';\n",
    'page/shared.ts': lines(1),
    'page/view/x.ts': lines(1),
  };
  assert.match(problemsOf(nested)[0], /page\/ \(index\.ts\), page\/view\/ \(y\.ts\)$/);
  assert.deepEqual(problemsOf(nested, { name: '@enclos/console' }), []);
});

test('shape: a circle of imports is found, of types and of dynamic imports too', () => {
  const circle = (second) => problemsOf({ 'a.ts': "import type { B } from './b.ts';\n", 'b.ts': second });
  assert.match(
    circle("import type { A } from './a.ts';\n")[0],
    /a circle of imports: src\/b\.ts, src\/a\.ts|src\/a\.ts, src\/b\.ts/,
  );
  assert.equal(circle("export const a = () => import('./a.ts');\n").length, 1);
  assert.deepEqual(circle(lines(1)), []);
});

test('owners: each primitive is found outside of its home, and not in comments, in its home or in an exception', () => {
  const samples = [
    'await rename(a, b);',
    'await handle.sync();',
    'const flags = constants.O_NONBLOCK;',
    "const text = '-----BEGIN KEY-----';",
    'const text = new TextDecoder().decode(bytes);',
    'const { values } = parseArgs({});',
    'const server = createServer();',
  ];
  assert.equal(samples.length, primitives.length);
  for (const [i, sample] of samples.entries()) {
    const { name, home, exceptions } = primitives[i];
    assert.match(
      problemsOf({ 'a.ts': `\n${sample}\n` })[0],
      new RegExp(`one/src/a\\.ts:2: ${name}, outside of its owner`),
    );
    assert.deepEqual(problemsOf({ 'a.ts': `// ${sample}\n` }), []);
    for (const [place] of [[home], ...exceptions]) {
      const folder = place.replace(/\/src(?:\/.*)?$/, '');
      const file = place.slice(folder.length).replace(/^\/src\/?/, '');
      const path = file.endsWith('.ts') ? file : join(file, 'a.ts');
      assert.deepEqual(problemsOf({ [path]: `${sample}\n` }, { folder, name: '@enclos/one' }), [], place);
    }
  }
});

test('owners: homes and exceptions are there', () => {
  for (const { home, exceptions } of primitives) {
    for (const [place] of [[home], ...exceptions]) assert.ok(existsSync(join(root, place)), place);
  }
});

test('nouns: a type that is a participle is found, and what only looks like one passes', () => {
  for (const name of ['Loaded', 'Given', 'QuoteFound']) {
    assert.match(
      problemsOf({ 'a.ts': `export interface ${name} {}\n` })[0],
      new RegExp(`the type ${name} is named by a participle`),
    );
  }
  assert.deepEqual(
    problemsOf({ 'a.ts': 'type LoadedImage = 1;\ninterface Seed {}\nclass Bound {}\nconst Given = 1;\n' }),
    [],
  );
});
