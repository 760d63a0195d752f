import assert from 'node:assert/strict';

import { isEnclosError } from '@enclos/errors';

import { findQuickJs } from '../src/artefact/index.ts';
import { ScriptThrow, type HostFunction, type ScriptProgram, type ScriptValue } from '../src/index.ts';
import { quickJsEngine, type QuickJsEngine, type QuickJsInterpreter } from '../src/quickjs/index.ts';

const values =
  `1;-0;NaN;2**53;1e308;'text';'\\u20ac'.repeat(99);'a'.repeat(7e4);'\\ud800';('a'+x).repeat(3);new ArrayBuffer(9);buffer;
new Uint8Array(4);new DataView(buffer);[];null;undefined;true;7n;Symbol('s');x;y;h;()=>x;new Proxy({},{get:()=>x});Promise.resolve(x);
Object.create(ArrayBuffer.prototype);({valueOf(){return h.echo(1)}});({toString(){throw x}});new Error(x);({get stack(){return h.fail(1)}});
({then(done){done(h.echo(x))}});({toJSON(){return h.bytes(y)}});deep(300);deep(3e4);JSON.parse('['.repeat(300)+']'.repeat(300));new Array(2e4)`
    .replaceAll('\n', '')
    .split(';');
const statements =
  `x=$;|y=$;|x=h.echo($);|y=h.echo(x,$,y);|x=h.bytes($);|try{h.fail($)}catch(e){x=e}|h.fail($);|x=[x,y].join($);|x=JSON.stringify($);|
x=JSON.parse(JSON.stringify($));|y=h.import($);|y=h.import('/b.js');|x=import('/b.js');|h.register('more',()=>$);|throw $;|return $;|await null;|
x=(async()=>{await $;return h.echo(y)})();|Object.defineProperty(Object.prototype,'stack',{value:$,configurable:true});|Array.prototype[0]=$;|
h.echo(...Array(17).fill($));|h.echo(...Array(16).fill($));|for(let i=0;i<99;i++)h.echo(i,$);|eval('x=y');|x=x[y];|new h.echo($);|h.echo.call($,x);|
for(;;)x=h.echo(y);|x=()=>x();x();|left=$;|globalThis.left=$;|buffer=new ArrayBuffer(1e6);|y=structured($);|Error.prepareStackTrace=()=>$;|
x=new Array(1e3).fill($).map(h.echo);|h.bytes(-1);|h.bytes(3e6);|x='é'.repeat(1e6);|`
    .replaceAll('\n', '')
    .split('|');

const prelude = {
  name: 'prelude.js',
  source: `(() => { const inside = host; globalThis.h = inside;
    host.register('run', (v) => inside.import('/a.js').f(v));
    host.register('canary', (v) => inside.import('/canary.js').f(v)); })();`,
};
const canary = `let n = 0; export const f = (v) => {
  const found = [typeof left, 'stack' in {}, 0 in [], n++, JSON.stringify({ a: [v] }), h.echo(v), typeof Error.prepareStackTrace];
  new Array(3e4).fill(1);
  return found.join();
};`;

function scriptOf(data: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at + 1 < data.length && parts.length < 40; at += 2) {
    const [first = 0, second = 0] = data.subarray(at);
    const value = values[second % values.length] ?? '';
    const statement = (statements[first % statements.length] ?? '').replace('$', () => `(${value})`);
    // Most of what is thrown is caught, or little would come after it.
    parts.push(second > 200 ? statement : `try { ${statement} } catch (error) { y = error }`);
  }
  return `let x = 'x', y = 0, buffer = new ArrayBuffer(3);
    const deep = (n) => { let all = 0; for (let at = 0; at < n; at++) all = { all }; return all; };
    export async function f(v) { x = v; ${parts.join('\n')} return x }`;
}

const host: Readonly<Record<string, HostFunction>> = {
  echo: (...given) => {
    for (const value of given) assertPasses(value);
    return given.at(-1);
  },
  bytes: (length) => {
    const size = typeof length === 'number' && length >= 0 && length < 4e6 ? Math.trunc(length) : 5;
    return new Uint8Array(size).fill(7);
  },
  fail: (value) => {
    throw new ScriptThrow(value === 1 ? 'RangeError' : 'TypeError', typeof value === 'string' ? value : 'no');
  },
};

function assertPasses(value: ScriptValue): void {
  const isScalar = value === null || ['undefined', 'boolean', 'number', 'string'].includes(typeof value);
  assert.ok(isScalar || value instanceof Uint8Array);
}

/** The time is a count of looks at it. */
let looks = 0;
let engine: QuickJsEngine | undefined;

function openEngine(): QuickJsEngine | undefined {
  try {
    engine ??= quickJsEngine({ wasm: findQuickJs().wasm, machine: { monotonicMs: () => ++looks } });
    return engine;
  } catch (error) {
    // Where the interpreter is not built, there is nothing to play with.
    if (process.env['CI'] === undefined && isEnclosError(error, 'SCRIPT_ENGINE_INVALID')) return undefined;
    throw error;
  }
}

const limits = { maxHeapBytes: 4 << 20, maxStackBytes: 256 << 10, maxExecutionMs: 6 };
const loading = { ...limits, maxExecutionMs: 1e6 };

export const seeds: readonly Uint8Array[] = [
  Uint8Array.from({ length: 24 }, (_, at) => at),
  Uint8Array.from({ length: 24 }, (_, at) => at * 7 + 30),
  Uint8Array.of(29, 3, 31, 8, 14, 20),
  Uint8Array.from(Buffer.from('return h.echo(new Proxy(JSON, {}))')),
];

/**
 * A hostile script in the interpreter itself, with statements by the bytes or, where the first is odd, the bytes as its text. However it
 * ends, its host is unharmed, and after a reset another program runs as it did before, step for step.
 */
export function fuzz(data: Uint8Array): void {
  const opened = openEngine();
  if (opened === undefined) return;
  const text = ((data[0] ?? 0) & 1) === 1 && data.length > 8;
  const source = text ? `export const f = (v) => { ${Buffer.from(data).toString('utf8')} }` : scriptOf(data);
  const program = {
    prelude: [prelude],
    modules: [
      { name: '/a.js', source },
      { name: '/b.js', source: `import { f as g } from './a.js'; await g(1); export const b = 1;` },
      { name: '/canary.js', source: canary },
    ],
    host,
  };
  const interpreter = loaded(opened, program);
  if (interpreter === undefined) return;
  const expected = watch(interpreter);
  interpreter.reset();
  for (const value of ['text', 7, Uint8Array.of(1, 2)]) {
    const outcome = interpreter.call('run', [value], limits);
    if (outcome.kind === 'returned') assertPasses(outcome.value);
    interpreter.reset();
    assert.deepEqual(watch(interpreter), expected);
    interpreter.reset();
  }
  interpreter.dispose();
}

function loaded(opened: QuickJsEngine, program: ScriptProgram): QuickJsInterpreter | undefined {
  try {
    return opened.load(program, loading);
  } catch (error) {
    if (isEnclosError(error, 'SCRIPT_INVALID')) return undefined;
    throw error;
  }
}

/** What the canary finds, and how many steps that takes it. */
function watch(interpreter: QuickJsInterpreter): readonly unknown[] {
  const before = interpreter.polls;
  const outcome = interpreter.call('canary', ['v'], loading);
  return [outcome, interpreter.polls - before];
}
