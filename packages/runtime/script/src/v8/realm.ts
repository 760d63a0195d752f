import { types } from 'node:util';
import { createContext, Script, type Context } from 'node:vm';

import { ScriptThrow, type HostFunction, type ScriptLimits, type ScriptOutcome, type ScriptValue } from '../engine.ts';
import { bridgeSource, CALL_NAME, type Bridge, type BridgeHost, type HostAnswer } from './bridge.ts';

/** A program that is compiled. */
export interface RealmParts {
  readonly host: Readonly<Record<string, HostFunction>>;
  readonly prelude: readonly Script[];
  readonly modules: Script;
  trace(stack: string): string;
}

/** One context with the program in it. */
export interface Realm {
  call(name: string, values: readonly ScriptValue[], limits: ScriptLimits): ScriptOutcome;
}

const bridgeScript = new Script(bridgeSource, { filename: 'enclos-engine-bridge.js' });
const callScript = new Script(`${CALL_NAME}()`, { filename: 'enclos-engine-call.js' });
const stackExhausted = 'RangeError: Maximum call stack size exceeded';

export function openRealm(parts: RealmParts, limits: ScriptLimits): Realm {
  const entries = new Map<string, unknown>();
  const functions = Object.values(parts.host);
  let modules: Readonly<Record<string, unknown>> | undefined;
  let outcome: ScriptOutcome | undefined;
  let hostFailure: { readonly error: unknown } | undefined;

  const context = createContext({}, { microtaskMode: 'afterEvaluate', codeGeneration: { strings: true, wasm: false } });
  const bridgeHost: BridgeHost = {
    names: Object.keys(parts.host),
    answer(index, values) {
      try {
        // A host function that failed has ended the script. V8 has no exception that a script cannot catch, so it only gets no further.
        if (hostFailure !== undefined) throw hostFailure.error;
        return { kind: 'value', value: functions[index]?.(...Array.from(values, fromRealm)) };
      } catch (error) {
        if (error instanceof ScriptThrow) return { kind: error.kind, message: error.message };
        hostFailure ??= { error };
        return { kind: 'Error', message: 'The host ended the script.' } satisfies HostAnswer;
      }
    },
    register: (name, entry) => entries.set(String(name), entry),
    module(name) {
      modules ??= parts.modules.runInContext(context) as Readonly<Record<string, unknown>>;
      return typeof name === 'string' && Object.hasOwn(modules, name) ? modules[name] : undefined;
    },
    isBytes: (value) => value instanceof Uint8Array,
    isPromise: types.isPromise,
    isError: types.isNativeError,
    returned(value) {
      try {
        outcome = { kind: 'returned', value: fromRealm(value) };
      } catch (error) {
        outcome = { kind: 'threw', message: String(error), trace: '' };
      }
    },
    threw(message, stack) {
      if (message === stackExhausted) {
        outcome = { kind: 'exhausted', resource: 'stack' };
        return;
      }
      const trace = typeof stack === 'string' ? parts.trace(stack) : '';
      outcome = { kind: 'threw', message: String(message), trace };
    },
  };
  const makeBridge = bridgeScript.runInContext(context) as (host: BridgeHost) => Bridge;
  const bridge = makeBridge(bridgeHost);
  runPrelude(parts.prelude, bridge, context, limits);

  return {
    call(name, values, callLimits) {
      const entry = entries.get(name);
      if (typeof entry !== 'function') throw new Error(`The prelude registered no entry point "${name}".`);
      outcome = undefined;
      hostFailure = undefined;
      bridge.prepare(entry, values);
      try {
        callScript.runInContext(context, timeoutOf(callLimits));
      } catch (error) {
        if (!isTimeout(error)) throw error;
        outcome = { kind: 'timeout' };
      }
      rethrow(hostFailure);
      return (
        outcome ?? {
          kind: 'threw',
          message: 'Error: The promise of the script is pending, and nothing settles it.',
          trace: '',
        }
      );
    },
  };
}

function runPrelude(prelude: readonly Script[], bridge: Bridge, context: Context, limits: ScriptLimits): void {
  context['host'] = bridge.host;
  for (const script of prelude) script.runInContext(context, timeoutOf(limits));
  delete context['host'];
}

function rethrow(failure: { readonly error: unknown } | undefined): void {
  if (failure !== undefined) throw failure.error;
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

function timeoutOf({ maxExecutionMs }: ScriptLimits) {
  return { timeout: Math.max(1, Math.ceil(maxExecutionMs)) };
}

function isTimeout(error: unknown): boolean {
  // The error is an object of the context.
  return types.isNativeError(error) && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
}
