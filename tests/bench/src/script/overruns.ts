import type { ScriptLimits, ScriptOutcome, ScriptValue } from '@enclos/script';
import type { QuickJsEngine } from '@enclos/script/quickjs';
import { atMost, type Figure } from '../harness/figures.ts';
import { median } from '../harness/statistics.ts';

const maxExecutionMs = 100;
const limits: ScriptLimits = { maxHeapBytes: 100 << 20, maxStackBytes: 1 << 20, maxExecutionMs };
const longLimits: ScriptLimits = { ...limits, maxExecutionMs: 60_000 };

/** What runs for seconds inside one builtin, or spends its time where the interpreter's loop does not come by. */
const slow: Readonly<Record<string, string>> = {
  'indexOf of a string': `'a'.repeat(2e7).indexOf('a'.repeat(1e7) + 'b')`,
  'BigInt power': `3n ** 20000000n`,
  'regular expression': `/^(a+)+$/.test('a'.repeat(40) + 'b')`,
  'sort of a large array': `Array.from({ length: 1e6 }, (_, at) => (at * 7919) % 1e6).sort().sort((a, b) => a - b).sort()`,
  'JSON of a large value': `for (const deep = Array(1e5).fill({ a: [1, 2, 3] });;) JSON.parse(JSON.stringify(deep))`,
  'strings compared': `for (let a = 'x'.repeat(2e7), b = 'x'.repeat(2e7) + '';;) if (a !== b + '') break`,
  'collection of garbage': `for (let all = [];;) { const node = { all }; node.self = node; all.push(node); if (all.length > 4e5) all = [] }`,
};

/** How long after its limit a script ended, in milliseconds: the worst of the medians. */
export function overruns(engine: QuickJsEngine): readonly Figure[] {
  let worst = { name: '', ms: 0 };
  for (const [name, source] of Object.entries(slow)) {
    // Three, as the machine's other work may stop any of them for longer than the bound.
    const ms = median(Array.from({ length: 3 }, () => measure(engine, source).ms)) - maxExecutionMs;
    if (ms > worst.ms) worst = { name, ms };
  }
  return [
    {
      what: `script: ended after its limit of time; the worst of ${Object.keys(slow).length}: ${worst.name}`,
      ours: `${worst.ms.toFixed(1)} ms`,
      bound: atMost(20, worst.ms, ' ms'),
    },
  ];
}

/** Each marks when an allocation or a call begins: the last of them is the one that fails. */
const exhausting: Readonly<Record<string, string>> = {
  'small objects': `for (const all = [];;) { mark(); all.push({ all }); }`,
  'arrays that are kept': `for (const all = [];;) { mark(); all.push(new Array(1e4).fill(0)); }`,
  'an array that grows': `for (const all = Array(1e5).fill(1);;) { mark(); all.push(...all.slice(0, 1e4)); }`,
  'a text that doubles': `for (let text = 'ab';;) { mark(); text = (text + text).toUpperCase(); }`,
  'a buffer beyond the limit': `mark(); new ArrayBuffer(200 << 20);`,
  'a map': `for (const all = new Map();;) { mark(); all.set(all.size, {}); }`,
  recursion: `(function down() { mark(); return down() + 1; })();`,
  'recursion through builtins': `(function down() { mark(); return [1].map(down) + ''; })();`,
};

/** How long after the allocation or the call that failed a script ended, in milliseconds: the worst of all. */
export function exhaustion(engine: QuickJsEngine): Figure {
  let worst = { name: '', ms: 0 };
  for (const [name, source] of Object.entries(exhausting)) {
    let marked = 0;
    const { end, outcome } = measure(engine, source, () => (marked = performance.now()), longLimits);
    if (outcome.kind !== 'exhausted') throw new Error(`${name}: the script ended with ${JSON.stringify(outcome)}.`);
    if (end - marked > worst.ms) worst = { name, ms: end - marked };
  }
  return {
    what: `script: ended after memory or stack was exhausted; the worst of ${Object.keys(exhausting).length}: ${worst.name}`,
    ours: `${worst.ms.toFixed(1)} ms`,
    bound: atMost(50, worst.ms, ' ms'),
  };
}

interface Measured {
  readonly ms: number;
  /** When it ended, as `performance.now()` says. */
  readonly end: number;
  readonly outcome: ScriptOutcome;
}

function measure(
  engine: QuickJsEngine,
  source: string,
  mark: () => ScriptValue = () => undefined,
  within: ScriptLimits = limits,
): Measured {
  const prelude = [
    {
      name: 'prelude.js',
      source: `{ const { import: load } = host; globalThis.mark = host.mark; host.register('run', () => load('/app.js').f()) }`,
    },
  ];
  const modules = [{ name: '/app.js', source: `export const f = () => { ${source} }` }];
  const interpreter = engine.load({ prelude, modules, host: { mark } }, within);
  const start = performance.now();
  const outcome = interpreter.call('run', [], within);
  const end = performance.now();
  interpreter.dispose();
  return { ms: end - start, end, outcome };
}
