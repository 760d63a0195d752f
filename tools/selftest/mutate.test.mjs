import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { workspaces } from '../lib/workspace.mjs';
import { mutantsOf, parseModule } from '../mutate/operators.mjs';
import { Planner } from '../mutate/plan.mjs';
import { Asker } from '../mutate/pool.mjs';
import { placeOf, probed } from '../mutate/probes.mjs';
import { printResults } from '../mutate/report.mjs';
import { readLedger } from '../mutate/targets.mjs';

const changed = (source) =>
  mutantsOf(parseModule('a.js', source), source).map(
    ({ start, end, replacement }) => source.slice(0, start) + replacement + source.slice(end),
  );

/** What each operator does to the smallest text that it applies to. */
const operators = [
  ['a < b', ['(a <= b)', '(a >= b)', ';']],
  ['a === b', ['(a !== b)', ';']],
  ['a + b', ['(a - b)', ';']],
  ['a && b', ['a', 'b', ';']],
  ['a[0] ?? 7', ['7', 'a[(1)] ?? 7', 'a[(-1)] ?? 7', ';']],
  ['!a', ['a', ';']],
  ['a?.b', ['a.b', ';']],
  ['a?.[b]', ['a[b]', ';']],
  ['f(`a word`, "two words")', [';']],
  ['f("OK")', [`f('')`, ';']],
  ['f(true)', ['f(false)', ';']],
  ['f(1n)', ['f((1n + 1n))', ';']],
  ['[a, b]', ['[b]', '[a]', ';']],
  ['({ a, ...b })', ['({ a })', ';']],
  ['/^a$/.test(b)', ['/a$/.test(b)', '/^a/.test(b)', ';']],
  ['a.some(b)', ['a.every(b)', ';']],
  ['a.filter(b).toString()', ['a.toString()', ';']],
  ['if (a) throw b', ['if (true) throw b', 'if (false) throw b', 'if (a) ;']],
  ['for (const a of b) ;', ['for (const a of []) ;']],
  ['while (a) ;', ['while (false) ;']],
  ['const f = () => a', ['const f = () => undefined']],
  ['function f() { return a; }', ['function f() { return undefined; }']],
  ['import a from "b"', []],
];

test('mutate: each operator changes what it is for', () => {
  for (const [source, expected] of operators) assert.deepEqual(changed(source).toSorted(), expected.toSorted(), source);
});

test('mutate: probes tell which places were reached, and change nothing else', () => {
  const source = `
    const pick = (list, n) => list.some((one) => one > n) && n > 0 ? 'more' : list.length === 0 ? 'none' : 'less';
    export function run(list, n) {
      if (n < 0) return 'negative'; else n += 1;
      switch (list.length) { case 1: return 'one'; default: { return pick(list, n); } }
    }`;
  const { code, places } = probed(parseModule('a.js', source), source, 'probe');
  const reached = new Set();
  const probe = (id) => reached.add(id);
  const run = runInNewContext(`${code.replace('export', '')}; run;`, { probe });
  assert.equal(reached.size, 0);
  const isReached = (text) => {
    const start = source.indexOf(text);
    assert.ok(start > 0);
    return reached.has(placeOf(places, { start, end: start + text.length }));
  };
  assert.equal(run([], 1), 'none');
  for (const text of [`'none'`, 'n += 1', 'list.some', 'list.length === 0']) assert.ok(isReached(text), text);
  for (const text of [`'negative'`, `'more'`, `'less'`, 'n > 0', 'one > n', `'one'`]) assert.ok(!isReached(text), text);
  assert.equal(run([1, 9], 2), 'more');
  assert.equal(run([1, 2], 5), 'less');
  assert.equal(run([1], 5), 'one');
  assert.equal(run([1], -1), 'negative');
  assert.equal(reached.size, places.length);
});

test('mutate: a plan has the tests that reach a place, recent killers first, slow ones only for their files', () => {
  const make = (name, ms, hits) => ({ file: 't', name, ms, hits: [hits] });
  const found = {
    tests: [make('b', 2, [0]), make('a', 1, [0]), make('other', 1, [1]), make('slow', 9, [0])],
    atLoad: [[]],
    loadHits: [{ file: 't', hits: [[]] }],
  };
  const planner = new Planner(found, [{ test: 'slow', files: ['src/b'] }]);
  const names = (file, place = 0) => planner.planFor({ file, index: 0, place }).map(({ name }) => name);
  assert.deepEqual(names('src/a.ts'), ['a', 'b']);
  assert.deepEqual(names('src/b.ts'), ['a', 'b', 'slow']);
  assert.deepEqual(names('src/a.ts', -1), ['a', 'other', 'b']);
  planner.killed({ file: 'src/a.ts' }, { file: 't', name: 'b' });
  assert.deepEqual(names('src/a.ts'), ['b', 'a']);
});

const folder = mkdtempSync(join(tmpdir(), 'enclos-mutate-'));
after(() => rmSync(folder, { recursive: true, force: true }));
for (const part of ['src', 'test']) mkdirSync(join(folder, part));
const path = join(folder, 'src/limit.js');
const source = `let calls = 0;
export function isAllowed(n) { calls += 1; if (calls > 1) throw new Error('kept'); return n < 10; }
`;
writeFileSync(path, source);
const testFile = join(folder, 'test/limit.test.js');
writeFileSync(
  testFile,
  `import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isAllowed } from '../src/limit.js';
describe('nine', () => void test('is allowed', async () => assert.ok(await isAllowed(9))));
`,
);

test('mutate: a mutant is killed, survives or hangs, and leaves nothing behind', async () => {
  const asker = new Asker({ sourceFolder: `${folder}/src/`, testFiles: [testFile], seed: 1 });
  const plan = [{ file: testFile, name: 'nine: is allowed', ms: 1 }];
  const outcome = (code) => asker.ask({ kind: 'mutant', path, code, plan }, 2000);
  try {
    const { result } = await asker.ask({ kind: 'baseline', replaced: [[path, source]] }, 5000);
    assert.deepEqual(
      result.tests.map(({ failure }) => failure),
      [undefined],
    );
    assert.deepEqual(await outcome(source.replace('10', '11')), { result: {} });
    assert.equal((await outcome(source.replace('<', '>='))).result.killer.name, 'nine: is allowed');
    assert.deepEqual(await outcome(source.replace('calls += 1', 'for (;;)')), { ended: 'time limit' });
    assert.deepEqual(await outcome(source), { result: {} });
  } finally {
    await asker.stop();
  }
});

test('mutate: a survivor that the ledger does not know fails, and so does a wrong entry', () => {
  const survivor = {
    file: 'src/a.ts',
    line: 3,
    text: 'return n < 10;',
    change: '10 → (11)',
    outcome: 'survived',
    tests: 1,
  };
  const killed = { ...survivor, change: '10 → (9)', outcome: 'killed', by: 'a test' };
  const entry = ({ file, text, change }) => ({ file, line: text, change, why: 'for this test' });
  const targets = [{ file: 'src/a.ts', all: [survivor, killed] }];
  const isRight = (equivalent, open = []) => {
    const { log } = console;
    console.log = () => undefined;
    try {
      return printResults({ targets, results: [survivor, killed], ledger: { equivalent, open }, groups: {} });
    } finally {
      console.log = log;
    }
  };
  assert.equal(isRight([]), false);
  assert.equal(isRight([entry(survivor)]), true);
  assert.equal(isRight([], [entry(survivor)]), true);
  assert.equal(isRight([entry(survivor), entry(killed)]), false);
  assert.equal(isRight([entry(survivor), entry({ ...survivor, change: 'gone' })]), false);
});

test('mutate: what is known of mutants names files and lines that are there', () => {
  const missing = [];
  for (const { path: place } of workspaces()) {
    const { groups, equivalent, open: undecided } = readLedger(place);
    const grouped = Object.values(groups).flatMap(({ files }) => files);
    for (const file of grouped) if (!existsSync(join(place, file))) missing.push(file);
    for (const { file, line } of [...equivalent, ...undecided]) {
      const at = join(place, file);
      const lines = existsSync(at) ? readFileSync(at, 'utf8').split('\n') : [];
      if (!grouped.includes(file) || !lines.some((text) => text.trim() === line)) missing.push(`${file}: ${line}`);
    }
  }
  assert.deepEqual(missing, []);
});
