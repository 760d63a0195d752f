import { createContext, runInContext } from 'node:vm';
import type {
  HostFunction,
  ScriptEngine,
  ScriptInterpreter,
  ScriptOutcome,
  ScriptProgram,
  ScriptValue,
} from '@enclos/script';

/** What works inside the context: buffers of a stranger's realm would be no ArrayBuffers to the program. */
interface Inside {
  readonly Buffer: ArrayBufferConstructor;
  copyIn(bytes: Uint8Array): ArrayBuffer;
}

const insideSource = `({
  Buffer: ArrayBuffer,
  copyIn: (bytes) => new Uint8Array(bytes).buffer,
})`;

/**
 * V8 as bare as it can keep the contract of an engine: one context that is reused, and another one after a reset, without any limit. The two sides get copies of bytes
 * of their own, and only scalars, text and bytes pass.
 */
export function bareEngine(): ScriptEngine {
  return { name: 'a bare context of V8', load: (program) => new BareInterpreter(program) };
}

class BareInterpreter implements ScriptInterpreter {
  readonly #entries = new Map<string, (...values: unknown[]) => unknown>();
  readonly #program: ScriptProgram;
  #inside: Inside;

  constructor(program: ScriptProgram) {
    this.#program = program;
    this.#inside = this.#begin();
  }

  #begin(): Inside {
    const { prelude, modules, host } = this.#program;
    const context = createContext({});
    this.#inside = runInContext(insideSource, context) as Inside;
    const exported = new Map(modules.map(({ name, source }) => [name, exportsOf(source)]));
    let module: unknown;
    const functions = Object.entries(host).map(([name, call]) => [name, this.#passed(call)] as const);
    context['host'] = Object.assign(Object.fromEntries(functions), {
      register: (name: string, entry: (...values: unknown[]) => unknown) => this.#entries.set(name, entry),
      import: (name: string) => (module ??= runInContext(exported.get(name) ?? '', context) as unknown),
    });
    for (const { source } of prelude) runInContext(source, context);
    delete context['host'];
    return this.#inside;
  }

  call(name: string, values: readonly ScriptValue[]): ScriptOutcome {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw new Error(`The prelude registered no ${name}.`);
    return { kind: 'returned', value: this.#outward(entry(...values.map((value) => this.#inward(value)))) };
  }

  checkTime(): void {
    // Its time has no limit.
  }

  reset(): void {
    this.#inside = this.#begin();
  }

  dispose(): void {
    this.#entries.clear();
  }

  /** The usual numbers of values take no second array. */
  #passed(call: HostFunction): (...values: unknown[]) => unknown {
    return (...values) => {
      const { length, 0: first, 1: second, 2: third } = values;
      if (length === 1) return this.#inward(call(this.#outward(first)));
      if (length === 2) return this.#inward(call(this.#outward(first), this.#outward(second)));
      if (length === 3) return this.#inward(call(this.#outward(first), this.#outward(second), this.#outward(third)));
      return this.#inward(call(...values.map((value) => this.#outward(value))));
    };
  }

  #inward(value: ScriptValue): unknown {
    return value instanceof Uint8Array ? this.#inside.copyIn(value) : value;
  }

  #outward(value: unknown): ScriptValue {
    switch (typeof value) {
      case 'undefined':
      case 'boolean':
      case 'number':
      case 'string':
        return value;
      default:
        if (value === null) return value;
        if (value instanceof this.#inside.Buffer) return new Uint8Array(value).slice();
        throw new TypeError('Only scalars, text and an ArrayBuffer pass.');
    }
  }
}

/** A module of functions, without imports, as an expression of what it exports. */
function exportsOf(source: string): string {
  const names = Array.from(source.matchAll(/^export function (\w+)/gm), ([, name]) => name);
  return `(() => {${source.replaceAll(/^export /gm, '')}\nreturn { ${names.join(', ')} } })()`;
}
