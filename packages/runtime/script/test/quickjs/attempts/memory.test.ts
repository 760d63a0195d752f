import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { quickJsTest } from '@enclos/testkit';
import { quickJsEngine } from '../../../src/quickjs/index.ts';
import { callF, limits, load, prelude, run } from '../program.ts';

const small = { ...limits, maxHeapBytes: 8 << 20, maxExecutionMs: 20_000 };

const heaps: Readonly<Record<string, string>> = {
  arrays: `for (const all = []; ;) all.push(new Array(1000).fill(0))`,
  'caught again and again': `const all = []; for (;;) { try { for (;;) all.push({}) } catch {} }`,
  'one large buffer': `new ArrayBuffer(2 ** 30)`,
  'many small buffers': `for (const all = []; ;) all.push(new ArrayBuffer(100))`,
  'a string that doubles': `for (let text = 'x'; ; text += text) text.charCodeAt(0)`,
  padding: `'x'.padEnd(2 ** 29)`,
  repeat: `'xyz'.repeat(1e8).charCodeAt(0)`,
  BigInts: `for (const all = []; ;) all.push(1n << 1000000n)`,
  'keys of a map': `for (let map = new Map(), at = 0; ; at++) map.set(at, at)`,
  'properties of an object': `for (let all = {}, at = 0; ; at++) all['key' + at] = at`,
  symbols: `for (const all = []; ;) all.push(Symbol('s'))`,
  closures: `let f = () => 0; for (;;) { const g = f; f = () => g }`,
  jobs: `for (;;) Promise.resolve().then(() => 0)`,
  generators: `for (const all = []; ;) { const g = (function* () { yield all })(); g.next(); all.push(g) }`,
  'a regular expression': `new RegExp('(?:' + 'a{1,255}'.repeat(2e5) + '){9}')`,
  'text of a program': `eval('[' + '{},'.repeat(3e6) + ']')`,
  'JSON text': `JSON.stringify(new Array(2e5).fill('x'.repeat(100)))`,
  'sizes in turn, which are freed': `for (let size = 8; ; size += 8) { const all = []; for (let at = 0; at < 3e4; at++) all.push(new ArrayBuffer(size)) }`,
};

for (const [name, source] of Object.entries(heaps)) {
  quickJsTest(
    'a limit below what the program itself takes ends each call, and the next one with more goes on',
    (wasm) => {
      const interpreter = load(wasm, `export const f = () => 1;`);
      for (const maxHeapBytes of [0, 100, 65_536]) {
        assert.deepEqual(callF(interpreter, [], { ...small, maxHeapBytes }), { kind: 'exhausted', resource: 'heap' });
        interpreter.reset();
      }
      assert.deepEqual(callF(interpreter, [], small), { kind: 'returned', value: 1 });
      interpreter.dispose();
    },
  );

  quickJsTest(`no script has more memory than its limit: ${name}`, (wasm) => {
    const outcome = run(wasm, `export const f = () => { ${source} }`, [], { limits: small });
    assert.deepEqual(outcome, { kind: 'exhausted', resource: 'heap' });
  });
}

quickJsTest('with a higher limit, the same allocation succeeds', (wasm) => {
  const source = `export const f = () => new ArrayBuffer(16 << 20).byteLength`;
  assert.deepEqual(run(wasm, source, [], { limits: small }), { kind: 'exhausted', resource: 'heap' });
  assert.deepEqual(run(wasm, source, [], { limits: { ...small, maxHeapBytes: 32 << 20 } }), {
    kind: 'returned',
    value: 16 << 20,
  });
});

const hungry = `export const f = () => { for (const all = []; ;) all.push(new ArrayBuffer(1e5)) }`;
const programOf = (source: string) => ({ prelude, modules: [{ name: '/app.js', source }], host: {} });

quickJsTest(
  'memory of scripts that were ended is counted until it is collected, and there is little of it',
  async (wasm) => {
    const engine = quickJsEngine({ wasm });
    const interpreter = engine.load(programOf(hungry), limits);
    const before = engine.usedBytes;
    let most = 0;
    for (let round = 0; round < 30; round++) {
      assert.deepEqual(callF(interpreter, [], small), { kind: 'exhausted', resource: 'heap' });
      interpreter.reset();
      // Nothing was collected yet: this is one turn of the event loop.
      most = Math.max(most, engine.instances);
    }
    assert.equal(most, 1 + 8, 'eight may wait for the collector, and then the memory is cleaned where it is');
    assert.ok(engine.usedBytes > before + 8 * (4 << 20), 'they count');
    await collected(() => engine.instances === 1);
    interpreter.reset();
    await collected(() => engine.instances === 1 && engine.usedBytes === before);
    interpreter.dispose();
  },
);

quickJsTest('scripts that are ended leave room for others, however fast they come', (wasm) => {
  const engine = quickJsEngine({ wasm, maxTotalBytes: 40 << 20 });
  const other = engine.load(programOf(`export const f = () => new ArrayBuffer(6 << 20).byteLength`), limits);
  for (let round = 0; round < 6; round++) {
    const interpreter = engine.load(programOf(hungry), limits);
    assert.deepEqual(callF(interpreter, [], small), { kind: 'exhausted', resource: 'heap' });
    if (round % 2 === 0) interpreter.reset();
    interpreter.dispose();
    assert.deepEqual(callF(other), { kind: 'returned', value: 6 << 20 });
    other.reset();
  }
  assert.ok(engine.usedBytes <= 40 << 20);
});

/** Collects garbage until something holds, which it does at once unless a finaliser is still to run. */
async function collected(holds: () => boolean): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let turn = 0; turn < 50 && !holds(); turn++) {
    collect();
    await setImmediate();
  }
  assert.ok(holds());
}

quickJsTest('interpreters that come and go take one memory, which is empty for the next', (wasm) => {
  const engine = quickJsEngine({ wasm });
  const polls = new Set<number>();
  for (let round = 0; round < 100; round++) {
    const interpreter = engine.load(
      programOf(`let n = 0; export const f = () => (n += new Array(1e5).fill(1).length)`),
      limits,
    );
    assert.deepEqual(callF(interpreter), { kind: 'returned', value: 1e5 });
    polls.add(interpreter.polls);
    interpreter.dispose();
    assert.throws(() => engine.load(programOf(`export const f = ;`), limits), { code: 'SCRIPT_INVALID' });
  }
  assert.equal(engine.instances, 1);
  assert.equal(polls.size, 1, 'each takes the same steps');
});

quickJsTest('there are so many interpreters and no more, and one that goes makes room', (wasm) => {
  const engine = quickJsEngine({ wasm });
  const program = programOf(`export const f = () => 1`);
  const all = Array.from({ length: 64 }, () => engine.load(program, limits));
  assert.throws(() => engine.load(program, limits), { code: 'SCRIPT_MEMORY_EXHAUSTED', message: /64 interpreters/ });
  all[7]?.dispose();
  assert.deepEqual(callF(engine.load(program, limits)), { kind: 'returned', value: 1 });
});

quickJsTest('all interpreters together have so much memory and no more', (wasm) => {
  const engine = quickJsEngine({ wasm, maxTotalBytes: 12 << 20 });
  const modules = [{ name: '/app.js', source: `export const f = (n) => new ArrayBuffer(n).byteLength` }];
  const program = { prelude, modules, host: {} };
  const first = engine.load(program, limits);
  const second = engine.load(program, limits);
  assert.deepEqual(first.call('run', ['/app.js', 'f', 1 << 20], limits), { kind: 'returned', value: 1 << 20 });
  assert.deepEqual(second.call('run', ['/app.js', 'f', 8 << 20], limits), { kind: 'exhausted', resource: 'heap' });
  assert.ok(engine.usedBytes <= 12 << 20);
  assert.throws(() => [1, 2, 3].map(() => engine.load(program, limits)), { code: 'SCRIPT_MEMORY_EXHAUSTED' });
});

const stacks: Readonly<Record<string, string>> = {
  'a function that calls itself': `const g = () => g() + 1; return g()`,
  'caught at each level': `const g = () => { try { return g() + 1 } catch { return g() } }; return g()`,
  'a getter': `const all = { get x() { return this.x } }; return all.x`,
  'a proxy of itself': `let all = {}; for (let at = 0; at < 1e5; at++) all = new Proxy(all, {}); return all.x`,
  'toString of an array': `const all = []; all.push({ toString: () => String(all) }); return String(all)`,
  toJSON: `const all = { toJSON: () => JSON.stringify(all) }; return JSON.stringify(all)`,
  'nested JSON': `return JSON.parse('['.repeat(1e6))`,
  'nested text of a program': `return eval('('.repeat(1e6))`,
  'nested eval': `const text = 'eval(text)'; return eval(text)`,
  'a sort in its comparison': `const g = () => [2, 1].sort(g); return g()`,
  'replace in its function': `const g = () => 'a'.replace('a', g); return g()`,
  constructors: `class A { constructor() { new A() } }; return new A()`,
  'a regular expression': `return new RegExp('(?:'.repeat(1e5) + ')'.repeat(1e5)).test('')`,
  'an iterator': `const all = { *[Symbol.iterator]() { yield* all } }; return [...all]`,
};

for (const [name, source] of Object.entries(stacks)) {
  quickJsTest(`no script has more stack than its limit: ${name}`, (wasm) => {
    for (const maxStackBytes of [100_000, 1 << 20, 2 ** 31]) {
      const outcome = run(wasm, `export const f = () => { ${source} }`, [], {
        limits: { ...small, maxHeapBytes: 64 << 20, maxStackBytes },
      });
      assert.deepEqual(outcome, { kind: 'exhausted', resource: 'stack' }, `${maxStackBytes}`);
    }
  });
}

quickJsTest('a host function always has stack to run on, however deep the script is', (wasm) => {
  let calls = 0;
  let finished = 0;
  const deep = (levels: number): number => (levels === 0 ? 0 : deep(levels - 1) + 1);
  const host = {
    work: () => {
      calls += 1;
      deep(100);
      finished += 1;
      return undefined;
    },
  };
  for (const around of ['g()', 'all.x', '[1].map(g)[0]', 'Reflect.apply(g, null, [])', `'a'.replace('a', g)`]) {
    const source = `export const f = () => { const g = () => { outside.work(); return ${around} + 1 }; const all = { get x() { return g() } }; return g() }`;
    const outcome = run(wasm, source, [], { host, limits: { ...small, maxStackBytes: 2 ** 31 } });
    assert.deepEqual(outcome, { kind: 'exhausted', resource: 'stack' }, around);
  }
  assert.ok(calls > 500);
  assert.equal(finished, calls);
});

interface SomeWebAssembly {
  Instance: new (...given: readonly unknown[]) => {
    readonly exports: { readonly memory: { readonly buffer: ArrayBuffer } };
  };
}

/** Runs with another constructor of instances in the place of V8's. */
function withInstances<T>(
  replace: (own: SomeWebAssembly['Instance']) => SomeWebAssembly['Instance'],
  work: () => T,
): T {
  const namespace = Reflect.get(globalThis, 'WebAssembly') as SomeWebAssembly;
  const own = namespace.Instance;
  namespace.Instance = replace(own);
  try {
    return work();
  } finally {
    namespace.Instance = own;
  }
}

const keeps = `export const f = (secret) => { const all = []; for (let n = 0; n < 100; n++) all.push(secret + n, new ArrayBuffer(200_000)); return all.length; };`;

quickJsTest('what requests brought is gone from a memory that is left to the collector', (wasm) => {
  const memories: { readonly buffer: ArrayBuffer }[] = [];
  const held = (): number =>
    memories.filter(({ buffer }) => Buffer.from(buffer).includes('a secret of one request')).length;
  withInstances(
    (own) =>
      class extends own {
        constructor(...given: readonly unknown[]) {
          super(...given);
          memories.push(this.exports.memory);
        }
      },
    () => {
      const engine = quickJsEngine({ wasm });
      const interpreter = engine.load({ prelude, modules: [{ name: '/app.js', source: keeps }], host: {} }, limits);
      assert.deepEqual(callF(interpreter, ['a secret of one request']), { kind: 'returned', value: 200 });
      assert.equal(held(), 1);
      interpreter.reset();
      assert.equal(memories.length, 2, 'it goes on in a smaller one');
      assert.equal(held(), 0);
    },
  );
});

quickJsTest('an interpreter goes on in its own memory where the machine has none for another', (wasm) => {
  const engine = quickJsEngine({ wasm });
  const interpreter = engine.load({ prelude, modules: [{ name: '/app.js', source: keeps }], host: {} }, limits);
  const before = engine.instances;
  assert.equal(callF(interpreter, ['x']).kind, 'returned');
  const refusing = (own: SomeWebAssembly['Instance']): SomeWebAssembly['Instance'] =>
    class extends own {
      constructor(...given: readonly unknown[]) {
        super(...given);
        throw new RangeError('WebAssembly.Instance(): Out of memory');
      }
    };
  withInstances(refusing, () => interpreter.reset());
  assert.deepEqual(callF(interpreter, ['x']), { kind: 'returned', value: 200 });
  assert.equal(engine.instances, before);
});
