import assert from 'node:assert/strict';
import { quickJsTest } from '@enclos/testkit';
import { callF, load } from '../program.ts';

/** Leaves something where the next request could find it, and gives whether the last one did. */
const attempts: Readonly<Record<string, string>> = {
  'a global variable': `const found = globalThis.left === 1; globalThis.left = 1; return found`,
  'a variable of the module': `const found = kept === 1; kept = 1; return found`,
  'a property of a prototype': `const found = 'left' in {}; Object.prototype.left = 1; return found`,
  'a builtin replaced': `const found = JSON.parse('1') === 2; JSON.parse = () => 2; return found`,
  'a getter of the global object': `const found = Object.hasOwn(globalThis, 'undefined2'); Object.defineProperty(globalThis, 'undefined2', { get: () => 1 }); return found`,
  'the prelude frozen': `const found = Object.isFrozen(outside); Object.freeze(outside); return found`,
  'a registered symbol': `const s = Symbol.for('left'); const found = Symbol.prototype[s] === 1; Symbol.prototype[s] = 1; return found`,
  'lastIndex of a literal': `const found = literal.lastIndex > 0; literal.test('xx'); return found`,
  'a template object': `const tag = (strings) => strings; const found = seen.has(tag\`a\`); seen.add(tag\`a\`); return found`,
  'a job for later': `const found = kept === 2; Promise.resolve().then(() => Promise.resolve()).then(() => { kept = 2 }); return found`,
  'a job that a job leaves': `const found = kept === 3; (async () => { for (let at = 0; at < 50; at++) await 0; kept = 3 })(); return found`,
  'a finaliser': `const found = kept === 4; new FinalizationRegistry(() => { kept = 4 }).register({}, 0); return found`,
  'a weak reference': `const found = weak?.deref() !== undefined; weak = new WeakRef(seen); return found`,
  'a generator that is suspended': `const found = steps.next().value > 0; return found`,
  'bytes of a buffer that was freed': `const bytes = new Uint8Array(1e5); const found = bytes.some((byte) => byte !== 0); bytes.fill(7); return found`,
  'random numbers': `const found = globalThis.drawn === Math.random(); globalThis.drawn = Math.random(); return found`,
};

const moduleOf = (body: string) => `
let kept = 0, weak;
const seen = new Set(), literal = /x/g;
const steps = (function* () { for (let at = 0; ; at++) yield at })();
export const f = () => { ${body} };`;

for (const [name, body] of Object.entries(attempts)) {
  quickJsTest(`a reset leaves nothing for the next request: ${name}`, (wasm) => {
    const interpreter = load(wasm, moduleOf(body));
    for (let request = 0; request < 3; request++) {
      assert.deepEqual(callF(interpreter), { kind: 'returned', value: false });
      interpreter.reset();
    }
    interpreter.dispose();
  });
}

quickJsTest('without a reset, a script finds what it left', (wasm) => {
  for (const name of [
    'a global variable',
    'a property of a prototype',
    'a job that a job leaves',
    'lastIndex of a literal',
  ]) {
    const interpreter = load(wasm, moduleOf(attempts[name] ?? ''));
    callF(interpreter);
    assert.deepEqual(callF(interpreter), { kind: 'returned', value: true }, name);
    interpreter.dispose();
  }
});

quickJsTest('a reset after an ended script is as clean as any other', (wasm) => {
  const source = `let kept = 0; export const f = (mode) => {
    const found = kept + (globalThis.left ?? 0) + ('left' in {} ? 1 : 0);
    kept = globalThis.left = Object.prototype.left = 1;
    if (mode === 1) for (;;);
    if (mode === 2) for (const all = []; ;) all.push({});
    if (mode === 3) { const g = () => g() + 1; g() }
    if (mode === 4) throw new Error('no');
    new Array(1e5).fill(1);
    return found;
  }`;
  const interpreter = load(wasm, source);
  const polls = new Set<number>();
  const limits = { maxHeapBytes: 8 << 20, maxStackBytes: 1 << 18, maxExecutionMs: 100 };
  for (const [mode, kind] of [
    [1, 'timeout'],
    [2, 'exhausted'],
    [3, 'exhausted'],
    [4, 'threw'],
  ] as const) {
    // Only what runs for ever is ended by the time: a busy machine takes long to fill a heap.
    const maxExecutionMs = kind === 'timeout' ? limits.maxExecutionMs : 5000;
    assert.equal(callF(interpreter, [mode], { ...limits, maxExecutionMs }).kind, kind);
    interpreter.reset();
    const before = interpreter.polls;
    assert.deepEqual(callF(interpreter, [0], { ...limits, maxExecutionMs: 5000 }), { kind: 'returned', value: 0 });
    polls.add(interpreter.polls - before);
    interpreter.reset();
  }
  assert.equal(polls.size, 1, 'each takes the same steps, in the memory of the script that was ended or in another');
  interpreter.dispose();
});

quickJsTest('a script that was used a thousand times has the memory that it had at first', (wasm) => {
  const interpreter = load(
    wasm,
    `export const f = () => JSON.parse(JSON.stringify(new Array(1000).fill({ a: 1 }))).length`,
  );
  callF(interpreter);
  interpreter.reset();
  const polls: number[] = [];
  for (let request = 0; request < 1000; request++) {
    const before = interpreter.polls;
    assert.deepEqual(callF(interpreter), { kind: 'returned', value: 1000 });
    polls.push(interpreter.polls - before);
    interpreter.reset();
  }
  assert.equal(new Set(polls).size, 1, 'each request takes the same steps');
  interpreter.dispose();
});
