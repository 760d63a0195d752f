import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ScriptEngine } from '@enclos/script';
import { findQuickJs } from '@enclos/script/artefact';
import { quickJsEngine } from '@enclos/script/quickjs';
import { v8Engine } from '@enclos/script/v8';
import { quickJsTest } from '@enclos/testkit';

import {
  loadCcfProgram,
  type CallInput,
  type CcfInterpreter,
  type CcfOutcome,
  type ScriptRequest,
  type ScriptRole,
  type ScriptServices,
} from '../../src/index.ts';
import { MemoryTransaction } from './memory-transaction.ts';

export const limits = { maxHeapBytes: 100 << 20, maxStackBytes: 1 << 20, maxExecutionMs: 60_000 };

/** A test on both engines: applications must not be able to tell them apart. */
export function engineTest(name: string, run: (engine: ScriptEngine) => void | Promise<void>): void {
  test(`${name} (v8)`, () => run(v8Engine()));
  quickJsTest(`${name} (quickjs)`, (wasm) => run(quickJsOf(wasm)));
}

/** The engines that are here, for suites that run on each. Where QuickJS is missing, `engineTest` says so, and fails in CI. */
export const engines: readonly ScriptEngine[] = [v8Engine(), ...builtQuickJs()];

function builtQuickJs(): readonly ScriptEngine[] {
  try {
    return [quickJsEngine({ wasm: findQuickJs().wasm })];
  } catch {
    return [];
  }
}

let quickJs: ScriptEngine | undefined;

/** One for all tests of a file: to compile it takes longer than they do. */
function quickJsOf(wasm: Uint8Array): ScriptEngine {
  quickJs ??= quickJsEngine({ wasm });
  return quickJs;
}

export const noServices: ScriptServices = {
  ledger: { lastCommitted: () => ({ view: 2, seqno: 14 }), status: () => 'Unknown', viewOf: () => undefined },
};

export function request(over: Partial<ScriptRequest> = {}): ScriptRequest {
  const empty = { headers: {}, query: '', path: '/app/x', method: 'GET', hostname: null, params: {}, caller: null };
  return { ...empty, route: '/app/x', url: '/app/x', ...over };
}

export interface ScriptSetting {
  readonly role?: ScriptRole;
  readonly services?: ScriptServices;
  readonly modules?: Readonly<Record<string, string>>;
}

export function loadModule(engine: ScriptEngine, source: string, setting: ScriptSetting = {}): CcfInterpreter {
  const { role = 'readwrite', services = noServices, modules = {} } = setting;
  const files = Object.entries({ '/app.js': source, ...modules });
  const program = { engine, role, services, modules: files.map(([name, text]) => ({ name, source: text })) };
  return loadCcfProgram(program, limits);
}

export function input(over: Partial<CallInput> = {}): CallInput {
  return { transaction: new MemoryTransaction(), historicalState: undefined, effects: undefined, ...over };
}

/** Runs the body of a function, and gives the value that it returns by way of JSON. */
export function evaluate(
  engine: ScriptEngine,
  body: string,
  setting: ScriptSetting & { call?: Partial<CallInput> } = {},
) {
  const interpreter = loadModule(engine, `export function f() {\n${body}\n}`, setting);
  try {
    return valueOf(interpreter.invoke({ module: '/app.js', name: 'f' }, '[]', input(setting.call), limits));
  } finally {
    interpreter.dispose();
  }
}

export function valueOf({ outcome }: CcfOutcome): unknown {
  assert.equal(outcome.kind, 'returned', JSON.stringify(outcome));
  assert.ok(outcome.kind === 'returned');
  return typeof outcome.value === 'string' ? (JSON.parse(outcome.value) as unknown) : outcome.value;
}

/** What an expression throws: its class and its message. */
export function thrownBy(
  engine: ScriptEngine,
  expression: string,
  setting: ScriptSetting & { call?: Partial<CallInput> } = {},
) {
  const body = `try { const got = ${expression}; return 'no error, but ' + String(got); } catch (error) { return String(error); }`;
  return evaluate(engine, body, setting);
}

/** What each of many expressions throws, in one interpreter. */
export function thrownByEach(
  engine: ScriptEngine,
  expressions: readonly string[],
  setting: ScriptSetting & { call?: Partial<CallInput>; helpers?: string } = {},
): readonly unknown[] {
  const tries = expressions.map((expression) => `() => (${expression})`);
  const body = `${setting.helpers ?? ''}; return [${tries.join(',\n')}].map((attempt) => {
    try { return 'no error, but ' + String(attempt()); } catch (error) { return String(error); } });`;
  return evaluate(engine, body, setting) as readonly unknown[];
}
