import { types } from 'node:util';
import { createContext, Script, type Context } from 'node:vm';

import { ScriptThrow, type HostFunction, type ScriptOutcome, type ScriptValue } from '../engine.ts';
import { bridgeSource, CALL_NAME, type Bridge, type BridgeHost, type HostAnswer } from './bridge.ts';

/** A program that is compiled. */
interface RealmParts {
  readonly host: Readonly<Record<string, HostFunction>>;
  readonly prelude: readonly Script[];
  readonly modules: Script;
  trace(stack: string): string;
}

/** How long scripts may run. */
export interface RealmTimes {
  readonly timeout: number;
  /** Whether SIGINT ends a script that runs: its handlers do not run before the script ends. */
  readonly breakOnSigint?: true;
}

/** One context with the program in it. */
export interface Realm {
  call(name: string, values: readonly ScriptValue[], times: RealmTimes): ScriptOutcome;
}

const bridgeScript = new Script(bridgeSource, { filename: 'enclos-engine-bridge.js' });
const callScript = new Script(`${CALL_NAME}()`, { filename: 'enclos-engine-call.js' });
const stackExhausted = 'RangeError: Maximum call stack size exceeded';

export function openRealm(parts: RealmParts, times: RealmTimes): Realm {
  return new OpenRealm(parts, times);
}

const pending: ScriptOutcome = {
  kind: 'threw',
  message: 'Error: The promise of the script is pending, and nothing settles it.',
  trace: '',
};

class OpenRealm implements Realm {
  readonly #parts: RealmParts;
  readonly #functions: readonly HostFunction[];
  readonly #entries = new Map<string, unknown>();
  readonly #context: Context;
  readonly #bridge: Bridge;
  #modules: Readonly<Record<string, unknown>> | undefined;
  #outcome: ScriptOutcome = pending;
  #hostFailure: { readonly error: unknown } | undefined;

  constructor(parts: RealmParts, times: RealmTimes) {
    this.#parts = parts;
    this.#functions = Object.values(parts.host);
    const codeGeneration = { strings: true, wasm: false };
    const context = createContext({}, { microtaskMode: 'afterEvaluate', codeGeneration });
    this.#context = context;
    const makeBridge = bridgeScript.runInContext(context) as (host: BridgeHost) => Bridge;
    this.#bridge = makeBridge(this.#bridgeHost());
    context['host'] = this.#bridge.host;
    for (const script of parts.prelude) script.runInContext(context, times);
    delete context['host'];
  }

  call(name: string, values: readonly ScriptValue[], times: RealmTimes): ScriptOutcome {
    const entry = this.#entries.get(name);
    if (typeof entry !== 'function') throw new Error(`The prelude registered no entry point "${name}".`);
    this.#outcome = pending;
    this.#hostFailure = undefined;
    this.#bridge.prepare(entry, values);
    try {
      callScript.runInContext(this.#context, times);
    } catch (error) {
      if (isInterrupt(error)) signalAgain();
      else if (!isTimeout(error)) throw error;
      this.#outcome = { kind: 'timeout' };
    }
    this.#failWithHost();
    return this.#outcome;
  }

  #bridgeHost(): BridgeHost {
    return {
      names: Object.keys(this.#parts.host),
      answer: (index, values) => this.#answer(index, values),
      register: (name, entry) => this.#entries.set(String(name), entry),
      module: (name) => this.#module(name),
      isBytes: (value) => value instanceof Uint8Array,
      isPromise: types.isPromise,
      isError: types.isNativeError,
      returned: (value) => this.#returned(value),
      threw: (message, stack) => this.#threw(message, stack),
    };
  }

  #answer(index: number, values: readonly unknown[]): HostAnswer {
    try {
      // A host function that failed has ended the script. V8 has no exception that a script cannot catch, so it only gets no further.
      this.#failWithHost();
      return { kind: 'value', value: this.#functions[index]?.(...copied(values)) };
    } catch (error) {
      if (error instanceof ScriptThrow) return { kind: error.kind, message: error.message };
      this.#hostFailure ??= { error };
      return { kind: 'Error', message: 'The host ended the script.' };
    }
  }

  #failWithHost(): void {
    if (this.#hostFailure !== undefined) throw this.#hostFailure.error;
  }

  #module(name: unknown): unknown {
    this.#modules ??= this.#parts.modules.runInContext(this.#context) as Readonly<Record<string, unknown>>;
    return typeof name === 'string' && Object.hasOwn(this.#modules, name) ? this.#modules[name] : undefined;
  }

  #returned(value: unknown): void {
    try {
      this.#outcome = { kind: 'returned', value: fromRealm(value) };
    } catch (error) {
      this.#outcome = { kind: 'threw', message: String(error), trace: '' };
    }
  }

  #threw(message: unknown, stack: unknown): void {
    if (message === stackExhausted) {
      this.#outcome = { kind: 'exhausted', resource: 'stack' };
      return;
    }
    const trace = typeof stack === 'string' ? this.#parts.trace(stack) : '';
    this.#outcome = { kind: 'threw', message: String(message), trace };
  }
}

/** By index: the program may have replaced what iterates over its arrays. */
function copied(values: readonly unknown[]): readonly ScriptValue[] {
  const copies: ScriptValue[] = [];
  for (let index = 0; index < values.length; index += 1) copies.push(fromRealm(values[index]));
  return copies;
}

/** Copies, as the other engine does: a script may change its buffer while the host keeps what it got. */
function fromRealm(value: unknown): ScriptValue {
  if (types.isAnyArrayBuffer(value)) return new Uint8Array(value).slice();
  switch (typeof value) {
    case 'undefined':
    case 'boolean':
    case 'number':
    case 'string':
      return value;
    default:
      if (value === null) return null;
      throw new ScriptThrow('TypeError', 'Only scalars, text and an ArrayBuffer pass between a script and its host.');
  }
}

function isTimeout(error: unknown): boolean {
  // The error is an object of the context.
  return types.isNativeError(error) && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
}

/** The signal was for the process, which is to get it. Not at once: the next script would take away the handlers before they run. */
function signalAgain(): void {
  setImmediate(() => process.kill(process.pid, 'SIGINT'));
}

function isInterrupt(error: unknown): boolean {
  return types.isNativeError(error) && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED';
}
