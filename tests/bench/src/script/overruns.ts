import type { ScriptOutcome } from '@enclos/script';
import type { QuickJsEngine } from '@enclos/script/quickjs';
import { atMost, type Figure } from '../harness/figures.ts';

const maxExecutionMs = 100;
const limits = { maxHeapBytes: 100 << 20, maxStackBytes: 1 << 20, maxExecutionMs };

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

/** How long after its limit a script ended, in milliseconds: the worst of all. */
export function overruns(engine: QuickJsEngine): readonly Figure[] {
  let worst = { name: '', ms: 0 };
  for (const [name, source] of Object.entries(slow)) {
    const { ms } = measure(engine, source);
    if (ms - maxExecutionMs > worst.ms) worst = { name, ms: ms - maxExecutionMs };
  }
  return [
    {
      what: `script: ended after its limit of time; the worst of ${Object.keys(slow).length}: ${worst.name}`,
      ours: `${worst.ms.toFixed(1)} ms`,
      bound: atMost(20, worst.ms, ' ms'),
    },
  ];
}

interface Measured {
  readonly ms: number;
  readonly outcome: ScriptOutcome;
}

function measure(engine: QuickJsEngine, source: string): Measured {
  const prelude = [
    {
      name: 'prelude.js',
      source: `{ const { import: load } = host; host.register('run', () => load('/app.js').f()) }`,
    },
  ];
  const modules = [{ name: '/app.js', source: `export const f = () => { ${source} }` }];
  const interpreter = engine.load({ prelude, modules, host: {} }, limits);
  const start = performance.now();
  const outcome = interpreter.call('run', [], limits);
  const ms = performance.now() - start;
  interpreter.dispose();
  return { ms, outcome };
}
