import assert from 'node:assert/strict';
import { isEnclosError } from '@enclos/errors';
import { quickJsTest } from '@enclos/testkit';
import fc from 'fast-check';
import { ScriptThrow, type HostFunction, type ScriptValue } from '../../src/index.ts';
import { quickJsEngine } from '../../src/quickjs/index.ts';
import { callF, limits, load, run } from './program.ts';

const shout: HostFunction = (value) => {
  if (typeof value === 'string') return value.toUpperCase();
  if (value instanceof Uint8Array) return value.map((byte) => byte + 1);
  throw new ScriptThrow('TypeError', 'shout takes text');
};

quickJsTest('modules link by relative and absolute names, once each, and a reset makes them new', (wasm) => {
  const interpreter = load(wasm, {
    '/app.js': `import { next } from './lib/count.js'; import * as c from '/lib/count.js'; export const f = () => next() + c.count;`,
    '/lib/count.js': `export let count = 0; export function next() { count += 1; return count; }`,
    '/broken-only-when-run.js': `throw new Error('evaluated');`,
  });
  assert.deepEqual(callF(interpreter), { kind: 'returned', value: 2 });
  assert.deepEqual(callF(interpreter), { kind: 'returned', value: 4 });
  interpreter.reset();
  assert.deepEqual(callF(interpreter), { kind: 'returned', value: 2 });
  interpreter.dispose();
});

quickJsTest('what does not link is refused with file and line', (wasm) => {
  for (const [source, expected] of [
    [`\nexport const f = ;`, /^\/app\.js:2:\d+: SyntaxError/],
    [`import { absent } from './lib.js'; export const f = absent;`, /^\/app\.js:1:10: .*absent/],
    [`\nimport './nowhere.js';`, /^\/app\.js:2:1: .*\/nowhere\.js/],
    [`import '/etc/passwd';`, /^\/app\.js:1:1: .*passwd/],
    [`import 'node:fs';`, /^\/app\.js:1:1: .*node:fs/],
    [`import '../../../etc/passwd';`, /^\/app\.js:1:1: .*passwd/],
  ] as const) {
    assert.throws(
      () => load(wasm, { '/app.js': source, '/lib.js': 'export const present = 1;' }),
      (error) => isEnclosError(error) && error.code === 'SCRIPT_INVALID' && expected.test(error.message),
      source,
    );
  }
  // The module that is linked first is not the one that is wrong.
  const far = `// import { nothing } from '../lib.js';\nimport {\n  nothing as something,\n} from '../lib.js';`;
  const modules = { '/app.js': `import './far/one.js';`, '/far/one.js': far, '/lib.js': '' };
  assert.throws(() => load(wasm, modules), { code: 'SCRIPT_INVALID', message: /^\/far\/one\.js:3:3: .*nothing/ });
});

quickJsTest('any scalar, text and bytes pass both ways unchanged', (wasm) => {
  const seen: ScriptValue[] = [];
  const host = { keep: (value: ScriptValue) => (seen.push(value), value) };
  const interpreter = load(wasm, `export const f = (v) => outside.keep(v);`, { host });
  const value = fc.oneof(
    fc.constantFrom(undefined, null, true, false, -0, NaN, Infinity, 2 ** 31, -(2 ** 31), 2 ** 53),
    fc.double(),
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
    fc.uint8Array({ maxLength: 3000 }).map((bytes) => Uint8Array.from(bytes)),
  );
  fc.assert(
    fc.property(value, (sent) => {
      assert.deepEqual(callF(interpreter, [sent]), { kind: 'returned', value: sent });
      assert.deepEqual(seen.pop(), sent);
    }),
    { numRuns: 150 },
  );
  interpreter.dispose();
});

quickJsTest('host functions throw into the script, or end it and tell the caller', (wasm) => {
  const fault = new Error('a fault of the host');
  const host = {
    shout,
    fail: () => {
      throw fault;
    },
  };
  const caught = `export const f = () => { try { outside.shout(1) } catch (e) { return e instanceof TypeError && e.message } }`;
  assert.deepEqual(run(wasm, caught, [], { host }), { kind: 'returned', value: 'shout takes text' });
  const interpreter = load(wasm, `export const f = () => { try { outside.fail() } catch {} return 'went on' }`, {
    host,
  });
  assert.throws(() => callF(interpreter), fault);
  assert.throws(() => callF(interpreter), { code: 'SCRIPT_MISUSED' });
  interpreter.reset();
  assert.throws(() => callF(interpreter), fault);
});

quickJsTest('what a script throws arrives with its text and file and line', (wasm) => {
  const outcome = run(wasm, `function inner() {\n  throw new RangeError('no');\n}\nexport const f = () => inner();`);
  assert.equal(outcome.kind, 'threw');
  assert.ok(outcome.kind === 'threw');
  assert.equal(outcome.message, 'RangeError: no');
  assert.match(outcome.trace, /inner \(\/app\.js:2:\d+\)\n.*f \(\/app\.js:4:\d+\)/);
  for (const [thrown, message] of [
    [`{ a: 1 }`, '{"a":1}'],
    [`'text'`, 'text'],
    [`{ toJSON() { throw 1 } }`, ''],
    [`Symbol('s')`, ''],
    [`Object.defineProperty(new Error('x'), 'stack', { get() { throw 2 } })`, 'Error: x'],
  ] as const) {
    assert.deepEqual(run(wasm, `export const f = () => { throw ${thrown} }`), { kind: 'threw', message, trace: '' });
  }
});

quickJsTest('async functions are awaited, and what nothing settles is an error', (wasm) => {
  assert.deepEqual(run(wasm, `export const f = async (v) => { await null; return (await v) + 1 }`, [1]), {
    kind: 'returned',
    value: 2,
  });
  const rejected = run(wasm, `export const f = async () => { await null; throw new Error('late') }`);
  assert.ok(rejected.kind === 'threw' && rejected.message === 'Error: late');
  const pending = run(wasm, `export const f = () => new Promise(() => {})`);
  assert.ok(pending.kind === 'threw');
  assert.equal(pending.message, 'Error: The promise of the script is pending, and nothing settles it.');
  assert.deepEqual(run(wasm, `export let done = 0; await null; done = 1; export const f = () => done`), {
    kind: 'returned',
    value: 1,
  });
});

quickJsTest('the host gives the time and randomness, and a reset does not repeat them', (wasm) => {
  const draws = [0.25, 0.5, 0.75];
  const machine = { dateMs: () => 1e12 + 5, random: () => draws.shift() ?? 0 };
  const source = `export const f = () => [Date.now(), Math.random(), new Date(0).getTimezoneOffset()].join()`;
  const program = {
    prelude: [
      { name: 'p.js', source: `{ const { import: load } = host; host.register('f', () => load('/app.js').f()) }` },
    ],
    modules: [{ name: '/app.js', source }],
    host: {},
  };
  const interpreter = quickJsEngine({ wasm, machine }).load(program, limits);
  assert.deepEqual(interpreter.call('f', [], limits), { kind: 'returned', value: '1000000000005,0.25,0' });
  interpreter.reset();
  assert.deepEqual(interpreter.call('f', [], limits), { kind: 'returned', value: '1000000000005,0.5,0' });
});
