import type { HostFunction, ScriptLimits, ScriptOutcome, ScriptValue } from '../../src/index.ts';
import { quickJsEngine, type QuickJsEngine, type QuickJsInterpreter } from '../../src/quickjs/index.ts';

export const limits: ScriptLimits = { maxHeapBytes: 32 << 20, maxStackBytes: 1 << 20, maxExecutionMs: 2000 };

/** A prelude that gives modules all host functions, which no application would get, and calls an export. */
export const prelude = [
  {
    name: 'prelude.js',
    source: `(() => {
  const inside = host;
  globalThis.outside = inside;
  host.register('run', (module, name, ...values) => inside.import(module)[name](...values));
})();`,
  },
];

export interface LoadOptions {
  readonly host?: Readonly<Record<string, HostFunction>>;
  readonly limits?: ScriptLimits;
}

const engines = new WeakMap<Uint8Array, QuickJsEngine>();

/** One engine for the tests of a file: to compile it takes longer than they do. */
export function engineOf(wasm: Uint8Array): QuickJsEngine {
  const engine = engines.get(wasm) ?? quickJsEngine({ wasm });
  engines.set(wasm, engine);
  return engine;
}

export function load(
  wasm: Uint8Array,
  modules: string | Readonly<Record<string, string>>,
  { host = {}, limits: loadLimits = limits }: LoadOptions = {},
): QuickJsInterpreter {
  const files = typeof modules === 'string' ? { '/app.js': modules } : modules;
  const program = { prelude, modules: Object.entries(files).map(([name, source]) => ({ name, source })), host };
  return engineOf(wasm).load(program, loadLimits);
}

/** Calls the export `f` of `/app.js`. */
export function callF(
  interpreter: QuickJsInterpreter,
  values: readonly ScriptValue[] = [],
  callLimits: ScriptLimits = limits,
): ScriptOutcome {
  return interpreter.call('run', ['/app.js', 'f', ...values], callLimits);
}

/** Loads a module and calls its export `f` once. */
export function run(
  wasm: Uint8Array,
  source: string,
  values: readonly ScriptValue[] = [],
  options: LoadOptions = {},
): ScriptOutcome {
  const interpreter = load(wasm, source, options);
  try {
    return callF(interpreter, values, options.limits ?? limits);
  } finally {
    interpreter.dispose();
  }
}
