import assert from 'node:assert/strict';
import { Session } from 'node:inspector';
import { test } from 'node:test';

import { isEnclosError } from '@enclos/errors';

import { ScriptThrow, type HostFunction, type ScriptOutcome } from '../src/index.ts';
import { v8Engine } from '../src/v8/index.ts';

const limits = { maxHeapBytes: 100 << 20, maxStackBytes: 1 << 20, maxExecutionMs: 2000 };
const prelude = [
  {
    name: 'prelude.js',
    source: `(() => {
      const inside = host;
      host.register('run', (module, name, value) => inside.import(module)[name](value));
      globalThis.shout = (value) => inside.shout(value);
    })();`,
  },
];
const shout: HostFunction = (value) => {
  if (typeof value === 'string') return value.toUpperCase();
  if (value instanceof Uint8Array) return value.map((byte) => byte + 1);
  if (value === null) throw new Error('a fault of the host');
  throw new ScriptThrow('TypeError', 'shout takes text');
};

function load(modules: Readonly<Record<string, string>>) {
  const files = Object.entries(modules).map(([name, source]) => ({ name, source }));
  return v8Engine().load({ prelude, modules: files, host: { shout } }, limits);
}

function run(source: string, value?: string | Uint8Array): ScriptOutcome {
  return load({ '/app.js': source }).call('run', ['/app.js', 'f', value], limits);
}

test('modules link by relative and absolute names, and once each', () => {
  const interpreter = load({
    '/app.js': `import { next } from './lib/count.js'; import * as c from '/lib/count.js'; export const f = () => next() + c.count;`,
    '/lib/count.js': `export let count = 0; export function next() { count += 1; return count; }`,
    '/broken-only-when-run.js': `throw new Error('evaluated');`,
  });
  assert.deepEqual(interpreter.call('run', ['/app.js', 'f'], limits), { kind: 'returned', value: 2 });
  assert.deepEqual(interpreter.call('run', ['/app.js', 'f'], limits), { kind: 'returned', value: 4 });
  interpreter.reset();
  assert.deepEqual(interpreter.call('run', ['/app.js', 'f'], limits), { kind: 'returned', value: 2 }, 'reset is fresh');
});

test('what does not link is refused with file and line', () => {
  for (const [source, expected] of [
    [`\nexport const f = ;`, /\/app\.js:2:\d+: Unexpected ";"/],
    [`import { absent } from './lib.js'; export const f = absent;`, /\/app\.js:1:\d+: No matching export/],
    [`import './nowhere.js';`, /\/app\.js:1:\d+: Could not resolve/],
    [`import '/etc/passwd';`, /passwd/],
    [`import 'node:fs';`, /Could not resolve/],
    [`import 'esbuild';`, /Could not resolve/],
  ] as const) {
    assert.throws(
      () => load({ '/app.js': source, '/lib.js': 'export const present = 1;' }),
      (error) => isEnclosError(error) && error.code === 'SCRIPT_INVALID' && expected.test(error.message),
      source,
    );
  }
  for (const name of ['app.js', '/../app.js', '/a//b.js']) {
    assert.throws(() => load({ [name]: '' }), { code: 'SCRIPT_INVALID' });
  }
});

test('scalars, text and bytes pass, as objects of the realm', () => {
  const bytes = Uint8Array.of(1, 2);
  assert.deepEqual(
    run(`export const f = (b) => { if (!(b instanceof ArrayBuffer)) throw 1; return shout(b); }`, bytes),
    {
      kind: 'returned',
      value: Uint8Array.of(2, 3),
    },
  );
  assert.deepEqual(run(`export const f = shout`, 'ü'), { kind: 'returned', value: 'Ü' });
  const thrown = run(
    `export const f = () => { try { shout(1) } catch (e) { return e instanceof TypeError && e.message } }`,
  );
  assert.deepEqual(thrown, { kind: 'returned', value: 'shout takes text' });
  assert.equal(run(`export const f = () => shout({})`).kind, 'threw');
  assert.equal(run(`export const f = () => ({})`).kind, 'threw');
});

test('a fault of the host ends the script and reaches its caller', () => {
  assert.throws(() => run(`export const f = () => { try { shout(null) } catch {} return 1 }`), /a fault of the host/);
});

test('exceptions carry the lines of the modules', () => {
  const outcome = run(`const inner = () => {\n  throw new RangeError('so');\n};\nexport function f() {\n  inner();\n}`);
  assert.ok(outcome.kind === 'threw');
  assert.equal(outcome.message, 'RangeError: so');
  assert.match(outcome.trace, /^ {4}at inner \(\/app\.js:2:9\)\n {4}at (?:Object\.)?f \(\/app\.js:5:3\)/);
  assert.doesNotMatch(outcome.trace, /enclos-/);
  const byHost = run(`export function f() {\n  shout(1);\n}`);
  assert.ok(byHost.kind === 'threw');
  assert.match(byHost.trace, /^ {4}at .*prelude\.js.*\n {4}at (?:Object\.)?f \(\/app\.js:2:3\)/);
});

test('a script that does not end, or recurses without end, is stopped', () => {
  const interpreter = load({
    '/app.js': `export const f = () => { for (;;); }; export const g = () => g() + 1`,
  });
  const short = { ...limits, maxExecutionMs: 20 };
  assert.deepEqual(interpreter.call('run', ['/app.js', 'f'], short), { kind: 'timeout' });
  assert.deepEqual(interpreter.call('run', ['/app.js', 'g'], limits), { kind: 'exhausted', resource: 'stack' });
});

/** What a debugger sees of a program with a breakpoint, at which it stays for longer than a call may take. */
function debug(debugged?: URL) {
  const session = new Session();
  session.connect();
  const sources: string[] = [];
  session.on('Debugger.scriptParsed', ({ params: { url, sourceMapURL = '' } }) => {
    if (!url.endsWith('/enclos-linked-modules.js')) return;
    const map = Buffer.from(sourceMapURL.slice(sourceMapURL.indexOf(',') + 1), 'base64').toString();
    sources.push(...(JSON.parse(map) as { sources: string[] }).sources);
  });
  let stops = 0;
  session.on('Debugger.paused', () => {
    stops += 1;
    const until = Date.now() + 120;
    while (Date.now() < until);
  });
  session.post('Debugger.enable');
  try {
    const engine = v8Engine(debugged === undefined ? {} : { debugged });
    const source = 'export const f = () => {\n  debugger;\n  throw new Error("so");\n};';
    const program = { prelude, modules: [{ name: '/src/app.js', source }], host: { shout } };
    const outcome = engine.load(program, limits).call('run', ['/src/app.js', 'f'], { ...limits, maxExecutionMs: 20 });
    return { outcome, sources, stops };
  } finally {
    session.disconnect();
  }
}

test('a debugger may stop a call for longer than its limit, and finds the files of the author', () => {
  const { outcome, sources, stops } = debug(new URL('file:///home/ada/my%20app/'));
  assert.equal(stops, 1);
  assert.ok(outcome.kind === 'threw');
  assert.match(outcome.trace, /^ {4}at (?:Object\.)?f \(\/src\/app\.js:3:9\)/);
  assert.ok(sources.includes('file:///home/ada/my%20app/src/app.js'), sources.join('\n'));
  const without = debug();
  assert.equal(without.stops, 1);
  assert.deepEqual(without.outcome, { kind: 'timeout' });
});

test('promises are awaited; one that nothing settles is an error', () => {
  assert.deepEqual(run(`export const f = async () => { await null; return 7; }`), { kind: 'returned', value: 7 });
  assert.deepEqual(run(`export const f = () => new Promise(() => {})`).kind, 'threw');
});

test('the prelude keeps the host to itself', () => {
  assert.deepEqual(run(`export const f = () => typeof host + typeof globalThis.host`), {
    kind: 'returned',
    value: 'undefinedundefined',
  });
});
