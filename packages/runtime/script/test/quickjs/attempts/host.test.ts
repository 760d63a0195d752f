import assert from 'node:assert/strict';
import { quickJsTest } from '@enclos/testkit';
import { ScriptThrow, type ScriptValue } from '../../../src/index.ts';
import type { QuickJsInterpreter } from '../../../src/quickjs/index.ts';
import { callF, engineOf, limits, load, run } from '../program.ts';

/** Values that are neither scalars nor text nor bytes. Each would run code of the script, or hand over what is not its. */
const misuses: Readonly<Record<string, string>> = {
  'an object': `{}`,
  valueOf: `{ valueOf() { ran = true; return 1 } }`,
  toString: `{ toString() { ran = true; return 'x' } }`,
  'Symbol.toPrimitive': `{ [Symbol.toPrimitive]() { ran = true; return 1 } }`,
  'a proxy': `new Proxy({}, { get() { ran = true } })`,
  'a proxy of bytes': `new Proxy(new ArrayBuffer(8), { get() { ran = true } })`,
  'an array with a getter': `Object.defineProperty([], 0, { get() { ran = true } })`,
  'a typed array': `new Uint8Array(8)`,
  'a typed array with a false length': `Object.defineProperty(new Uint8Array(8), 'byteLength', { get() { ran = true; return 1e9 } })`,
  'what only inherits from a buffer': `Object.create(ArrayBuffer.prototype)`,
  'a symbol': `Symbol('s')`,
  'a BigInt': `2n ** 70n`,
  'a function': `() => { ran = true }`,
  'a String object': `new String('x')`,
  'a promise': `Promise.resolve(1)`,
};

for (const [name, value] of Object.entries(misuses)) {
  quickJsTest(`a host function takes scalars, text and bytes only, and runs nothing for others: ${name}`, (wasm) => {
    let calls = 0;
    const host = { take: () => void calls++ };
    const source = `export const f = () => { let ran = false; try { outside.take(1, ${value}) } catch (e) { return e.name + ran } }`;
    assert.deepEqual(run(wasm, source, [], { host }), { kind: 'returned', value: 'TypeErrorfalse' });
    const result = run(wasm, `let ran = false; export const f = () => (${value})`);
    if (name !== 'a promise') assert.equal(result.kind, 'threw', 'nor is it a result');
    assert.equal(calls, 0);
  });
}

quickJsTest('too many values, and values that are too large, end in errors of the script', (wasm) => {
  const host = {
    take: (value: ScriptValue) => (typeof value === 'string' ? value.length : 0),
    long: () => 'x'.repeat(50e6),
    large: () => new Uint8Array(50e6),
  };
  const attempt = (body: string) => run(wasm, `export const f = () => { ${body} }`, [], { host });
  assert.equal(attempt(`outside.take(...new Array(17).fill(0))`).kind, 'threw');
  assert.deepEqual(attempt(`return outside.take(...new Array(16).fill(0))`), { kind: 'returned', value: 0 });
  assert.deepEqual(attempt(`return outside.take('x'.repeat(9e6))`), { kind: 'returned', value: 9e6 });
  assert.deepEqual(attempt(`return outside.take('x'.repeat(3e6) + '\\u1234')`), { kind: 'returned', value: 3e6 + 1 });
  for (const name of ['long', 'large']) {
    assert.deepEqual(attempt(`try { outside.${name}() } catch {}`), { kind: 'exhausted', resource: 'heap' });
  }
});

quickJsTest('what the host gets is a copy, and what it gives is one', (wasm) => {
  const kept: Uint8Array[] = [];
  const given = Uint8Array.of(1, 2, 3);
  const host = {
    keep: (value: ScriptValue) => void (value instanceof Uint8Array && kept.push(value)),
    give: () => given,
  };
  const source = `export const f = () => {
    const bytes = new Uint8Array(outside.give());
    outside.keep(bytes.buffer);
    bytes.fill(9);
    return new Uint8Array(outside.give()).join();
  }`;
  assert.deepEqual(run(wasm, source, [], { host }), { kind: 'returned', value: '1,2,3' });
  assert.deepEqual(kept, [given]);
});

quickJsTest('a host function cannot use the interpreter that is calling it', (wasm) => {
  const refused: unknown[] = [];
  const uses = [
    (i: QuickJsInterpreter) => callF(i),
    (i: QuickJsInterpreter) => i.reset(),
    (i: QuickJsInterpreter) => i.dispose(),
  ];
  const host = {
    enter: () => {
      for (const use of uses) {
        try {
          use(interpreter);
        } catch (error) {
          refused.push(error instanceof Error && 'code' in error ? error.code : error);
        }
      }
      return 5;
    },
  };
  const interpreter = load(wasm, `export const f = () => outside.enter()`, { host });
  assert.deepEqual(callF(interpreter), { kind: 'returned', value: 5 });
  assert.deepEqual(refused, ['SCRIPT_MISUSED', 'SCRIPT_MISUSED', 'SCRIPT_MISUSED']);
  interpreter.dispose();
  assert.throws(() => callF(interpreter), { code: 'SCRIPT_MISUSED' });
});

quickJsTest('one interpreter can call another from a host function', (wasm) => {
  const inner = load(wasm, `export const f = (n) => n + 1`);
  const host = {
    other: (n: ScriptValue) => {
      const outcome = callF(inner, [n]);
      return outcome.kind === 'returned' ? outcome.value : null;
    },
  };
  assert.deepEqual(run(wasm, `export const f = () => outside.other(1) + outside.other(2)`, [], { host }), {
    kind: 'returned',
    value: 5,
  });
});

quickJsTest('errors of the host keep their whole text, and cannot be told from those of the language', (wasm) => {
  const text = `${'long '.repeat(200)}\u20ac %s %n`;
  const host = {
    fail: (kind: ScriptValue) => {
      throw new ScriptThrow(kind === 1 ? 'RangeError' : kind === 2 ? 'TypeError' : 'Error', text);
    },
  };
  const source = `export const f = (kind) => { try { outside.fail(kind) } catch (e) { return [e.constructor === [Error, RangeError, TypeError][kind], e.message].join() } }`;
  for (const kind of [0, 1, 2]) {
    assert.deepEqual(run(wasm, source, [kind], { host }), { kind: 'returned', value: `true,${text}` });
  }
});

/** Attempts on the prelude itself, and on what it holds. */
const escapes: Readonly<Record<string, string>> = {
  'host is gone': `return typeof host`,
  'host is gone from eval': `return (0, eval)('typeof host')`,
  'host is gone from Function': `return Function('return typeof host')()`,
  'no entry point can be added': `try { outside.register('extra', () => 1) } catch (e) { return 'undefined' }`,
  'no module comes from elsewhere': `return import('/etc/passwd').then(() => 'loaded', () => 'undefined')`,
  'no module comes from a name with code': `return import('data:text/javascript,1').then(() => 'loaded', () => 'undefined')`,
  'a module is not loaded by an object': `try { outside.import({ toString: () => '/app.js' }) } catch { return 'undefined' }`,
  'no module is given when it was not linked': `try { outside.import('/other.js') } catch { return 'undefined' }`,
  'no process': `return typeof process`,
  'no require': `return typeof require`,
  'no std of QuickJS': `return [typeof std, typeof os, typeof print, typeof scriptArgs].every((type) => type === 'undefined') ? 'undefined' : 'there'`,
  'no WebAssembly': `return typeof WebAssembly`,
  'no shared memory to time with': `return typeof Atomics`,
  'no timers': `return typeof setTimeout`,
  'a host function makes no object': `try { new outside.take() } catch { return 'undefined' }`,
  'a host function has no caller': `try { return typeof outside.take.caller } catch { return 'undefined' }`,
};

for (const [name, body] of Object.entries(escapes)) {
  quickJsTest(`nothing leads out of a script: ${name}`, (wasm) => {
    const host = { take: () => undefined };
    assert.deepEqual(run(wasm, `export const f = () => { ${body} }`, [], { host }), {
      kind: 'returned',
      value: 'undefined',
    });
  });
}

quickJsTest('a script that replaces builtins changes nothing of how it is called', (wasm) => {
  const source = `
    Array.prototype[Symbol.iterator] = function* () { yield 'stolen' };
    Function.prototype.call = Function.prototype.apply = () => 'stolen';
    Object.prototype.then = (done) => done('stolen');
    Promise.prototype.then = () => 'stolen';
    Object.defineProperty(Object.prototype, 'stack', { get: () => 'stolen' });
    export const f = async (v) => v;`;
  const program = {
    prelude: [
      { name: 'p.js', source: `{ const { import: load } = host; host.register('f', (v) => load('/app.js').f(v)) }` },
    ],
    modules: [{ name: '/app.js', source }],
    host: {},
  };
  const interpreter = engineOf(wasm).load(program, limits);
  assert.deepEqual(interpreter.call('f', [7], limits), { kind: 'returned', value: 7 });
  interpreter.dispose();
});
