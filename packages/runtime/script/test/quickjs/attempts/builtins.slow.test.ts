import assert from 'node:assert/strict';
import { quickJsTest } from '@enclos/testkit';
import { quickJsEngine, type QuickJsEngine } from '../../../src/quickjs/index.ts';
import { limits, prelude } from '../program.ts';

/** What would run for seconds, or for ever, in places where the loop of the interpreter does not come by. */
const attempts: Readonly<Record<string, string>> = {
  'an empty loop': `for (;;);`,
  'a loop that catches whatever ends it': `for (;;) { try { for (;;); } catch {} finally { continue } }`,
  'a loop of jobs': `const again = () => Promise.resolve().then(again); return again()`,
  'a thenable that never settles': `const then = (done) => done({ then }); return Promise.resolve({ then })`,
  'indexOf of a string': `'a'.repeat(3e6).indexOf('a'.repeat(1e6) + 'b')`,
  'lastIndexOf of a string': `('a'.repeat(3e6)).lastIndexOf('b' + 'a'.repeat(1e6))`,
  'includes of a string': `'a'.repeat(3e6).includes('a'.repeat(1e6) + 'b')`,
  'split by what is not there': `for (;;) 'a'.repeat(1e6).split('aaaaaaab')`,
  replaceAll: `for (;;) 'ab'.repeat(1e5).replaceAll('ba', 'c')`,
  'comparison of equal strings': `for (const a = 'x'.repeat(4e6), b = 'x'.repeat(4e6); ;) if (a !== b) break`,
  'concatenation of ropes': `for (let rope = 'x'; ; rope += 'y') rope.charCodeAt(0)`,
  'upper case': `for (;;) 'ß'.repeat(1e5).toUpperCase()`,
  normalisation: `for (;;) 'e\\u0301\\u0323'.repeat(1e5).normalize('NFC')`,
  'a regular expression that backtracks': `/^(a+)+$/.test('a'.repeat(60) + 'b')`,
  'a regular expression that looks behind': `/(?<=^b(a|aa)+)c/.test('a'.repeat(60) + 'c')`,
  'compilation of a regular expression': `for (;;) new RegExp('(' + 'a{1,9}'.repeat(2e4) + ')')`,
  'BigInt power': `3n ** 20000000n`,
  'BigInt squares': `for (let big = 3n; ;) big = big * big`,
  'BigInt to text': `const big = 1n << 1000000n; for (;;) big.toString(7)`,
  'BigInt from text': `BigInt('9'.repeat(2e6))`,
  'sort with the order of text': `for (;;) Array.from({ length: 2e5 }, (_, at) => (at * 7919) % 200003).sort()`,
  'sort of a typed array': `for (;;) new Float64Array(1e6).map((_, at) => (at * 7919) % 1000003).sort()`,
  'indexOf of an array': `const all = new Array(1e6).fill(1); for (;;) all.indexOf(2)`,
  'holes of an array': `const all = []; all[4294967290] = 1; all.indexOf(2)`,
  'a length without elements': `Array.prototype.forEach.call({ length: 2 ** 53 - 1 }, () => {})`,
  'join of empty elements': `for (;;) new Array(1e6).join('')`,
  'fill of a typed array': `const bytes = new Uint8Array(8e6); for (;;) bytes.fill(1)`,
  'copyWithin of a typed array': `const bytes = new Uint8Array(8e6); for (;;) bytes.copyWithin(0, 1)`,
  'JSON.parse': `const text = JSON.stringify(new Array(1e5).fill({ a: [1, 'b'] })); for (;;) JSON.parse(text)`,
  'JSON.parse of white space': `const text = ' '.repeat(8e6) + '1'; for (;;) JSON.parse(text)`,
  'JSON.stringify': `const all = new Array(1e5).fill('text'); for (;;) JSON.stringify(all)`,
  'keys of one hash': `const map = new Map(); for (let at = 0; ; at++) map.set('k'.repeat(at % 7) + at, at).size > 1e5 && map.clear()`,
  'iteration of a map that grows': `const map = new Map([[0, 0]]); map.forEach((_, key) => { map.delete(key); map.set(key + 1, 0) })`,
  'a chain of prototypes': `let all = {}; for (let at = 0; at < 1e5; at++) all = Object.create(all); for (;;) all.x`,
  'writing at the end of a chain of prototypes': `let all = {}; for (let at = 0; at < 1e5; at++) all = Object.create(all); for (;;) Reflect.set(all, 'x' + 1, 1, null)`,
  'a proxy of proxies': `let all = {}; for (let at = 0; at < 500; at++) all = new Proxy(all, {}); for (;;) all.x`,
  'collection of garbage': `for (let all = []; ;) { const node = { all }; node.self = node; if (all.push(node) > 1e5) all = [] }`,
  'eval of long text': `const text = ';'.repeat(1e6); for (;;) eval(text)`,
  'variables of a function': `for (;;) eval(Array.from({ length: 3e4 }, (_, at) => 'var v' + at).join(';'))`,
  'decoding of a URI': `const text = '%41'.repeat(1e6); for (;;) decodeURIComponent(text)`,
  'spread of an array': `const all = new Array(1e6).fill(0); for (;;) [...all]`,
  flattening: `const all = new Array(1000).fill(new Array(1000).fill(0)); for (;;) all.flat()`,
  'text of a date': `for (;;) Date.parse(' '.repeat(1e6) + '2020')`,
};

let engine: QuickJsEngine | undefined;

/** The clock goes on by a millisecond each time that the interpreter looks at it: the time is a count. */
function countingEngine(wasm: Uint8Array): QuickJsEngine {
  let now = 0;
  engine ??= quickJsEngine({ wasm, machine: { monotonicMs: () => ++now } });
  return engine;
}

for (const [name, source] of Object.entries(attempts)) {
  quickJsTest(`no script outlives its time: ${name}`, (wasm) => {
    const counting = countingEngine(wasm);
    const modules = [{ name: '/app.js', source: `export const f = () => { ${source} }` }];
    const interpreter = counting.load({ prelude, modules, host: {} }, { ...limits, maxExecutionMs: 1e6 });
    const before = interpreter.polls;
    const outcome = interpreter.call('run', ['/app.js', 'f'], {
      ...limits,
      maxHeapBytes: 96 << 20,
      maxExecutionMs: 25,
    });
    assert.deepEqual(outcome, { kind: 'timeout' }, name);
    assert.ok(interpreter.polls - before <= 25, `${name}: ${interpreter.polls - before} looks at the time`);
    interpreter.dispose();
  });
}

/** Plain loops over much, each in one builtin, which looks at the time several times: the interpreter's own loop hides nothing. */
const longBuiltins: Readonly<Record<string, string>> = {
  'indexOf of bytes': `const bytes = new Uint8Array(8e6); for (;;) outside.tick(bytes.indexOf(2))`,
  'BigInt to text': `for (;;) outside.tick(big.toString().length)`,
  'equality of BigInts': `for (;;) outside.tick(big === same)`,
  'order of BigInts': `for (;;) outside.tick(big < same)`,
  'logic of BigInts': `for (;;) outside.tick((big & same) === 0n)`,
  'complement of a BigInt': `for (;;) outside.tick(~big === 0n)`,
  'sum of BigInts': `for (;;) outside.tick(big + same === 0n)`,
};

for (const [name, source] of Object.entries(longBuiltins)) {
  quickJsTest(`one call of a builtin looks at the time: ${name}`, (wasm) => {
    const big = 'const big = (1n << 1000000n) - 1n, same = (1n << 1000000n) - 1n;';
    const modules = [{ name: '/app.js', source: `export const f = () => { ${big} ${source} }` }];
    let calls = 0;
    const tick = () => {
      calls += 1;
      return undefined;
    };
    const interpreter = countingEngine(wasm).load({ prelude, modules, host: { tick } }, limits);
    const outcome = interpreter.call('run', ['/app.js', 'f'], { ...limits, maxExecutionMs: 25 });
    assert.deepEqual(outcome, { kind: 'timeout' });
    assert.ok(calls <= 25, `${calls} calls in 25 looks at the time`);
    interpreter.dispose();
  });
}

quickJsTest('without the limit, what was ended goes on to its end', (wasm) => {
  const counting = countingEngine(wasm);
  const modules = [
    { name: '/app.js', source: `export const f = () => 'a'.repeat(1e4).indexOf('a'.repeat(1000) + 'b')` },
  ];
  const interpreter = counting.load({ prelude, modules, host: {} }, { ...limits, maxExecutionMs: 1e6 });
  const before = interpreter.polls;
  const outcome = interpreter.call('run', ['/app.js', 'f'], { ...limits, maxExecutionMs: Infinity });
  assert.deepEqual(outcome, { kind: 'returned', value: -1 });
  assert.ok(interpreter.polls - before > 25);
});
