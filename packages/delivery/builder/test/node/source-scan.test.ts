import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { blankSource } from '../../src/node/blank-source.ts';
import { scanSource } from '../../src/node/source-scan.ts';

for (const code of [
  "new Function('return 1')",
  'const f = Function("x")',
  'const e = eval; e("1")',
  '(0, eval)("1")',
  'globalThis.eval("1")',
  'process.binding("fs")',
  'process.dlopen(m, "x.node")',
  'process.getBuiltinModule("fs")',
  'process.mainModule.require("fs")',
  'globalThis.require("fs")',
  'global . process',
  'const home = process.env.HOME',
  'const home = process.env["HOME"]',
  'const text = `${eval("1")}`',
  'const half = 1 / 2; eval("/")',
]) {
  test(`scanSource() finds ${code}`, () => assert.equal(scanSource(code).length, 1));
}

for (const code of [
  '// new Function("x") and eval are not for us',
  '/* process.env.HOME */',
  'const text = "eval(1)"',
  "const text = 'it\\'s process.env'",
  'const text = `eval ${1} process.env ${`eval`} eval`',
  'const pattern = /eval\\/[/]eval/g',
  'matrix.eval(2)',
  'class A { #eval = 1 }',
  'const evaluate = 1; const medieval = 2',
  'const type: Function = f',
  'const production = process.env.NODE_ENV',
  'const { eval: run } = module',
  'a = b / c; d = "eval"; e = f / g',
  'myprocess.env; my.process.env',
]) {
  test(`scanSource() finds nothing in ${code}`, () => assert.deepEqual(scanSource(code), []));
}

test('scanSource() gives the place', () => {
  const source = '// 1\nconst x = new  Function("a");';
  const [finding] = scanSource(source);
  assert.equal(source.slice(finding?.span.start, finding?.span.end), 'new  Function');
});

test('blankSource() keeps length and line ends, and ends', () => {
  const characters = fc.constantFrom(...'`${}/*\\\'"\n ab=(['.split(''));
  fc.assert(
    fc.property(fc.string({ unit: characters, maxLength: 80 }), (source) => {
      const blank = blankSource(source);
      assert.equal(blank.length, source.length);
      assert.equal(blank.replace(/[^\n]/g, '.'), source.replace(/[^\n]/g, '.'));
    }),
    { numRuns: 1000 },
  );
});
