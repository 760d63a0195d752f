import assert from 'node:assert/strict';
import { test } from 'node:test';

import { quickJsEngine } from '@enclos/script/quickjs';
import { quickJsTest } from '@enclos/testkit';

import { loadCcfProgram, type CcfInterpreter } from '../src/index.ts';
import { InterpreterPool } from '../src/stages/interpreters.ts';
import { limits, noServices } from './kit/scripts.ts';

const unknown = (): never => assert.fail('not called');
const unused = { handle: unknown, invoke: unknown, functionsOf: unknown, logsMetrics: false } as const;

/** How many interpreters a pool keeps at most that is asked for 100 keys, and what it has disposed of by then. */
function keptOf(options: { readonly maxCachedInterpreters: number; readonly maxHeapBytes: number }): [number, number] {
  let [loaded, disposed, most] = [0, 0, 0];
  const load = (): CcfInterpreter => {
    loaded += 1;
    most = Math.max(most, loaded - disposed);
    return { ...unused, role: 'readwrite', reset: () => undefined, dispose: () => (disposed += 1) };
  };
  const pool = new InterpreterPool(load, options);
  for (let key = 0; key < 100; key++) pool.use('readwrite', String(key), () => true);
  return [most, disposed];
}

test('an application keeps as many interpreters as it asks for, within what the engine has for all', () => {
  assert.deepEqual(keptOf({ maxCachedInterpreters: 10, maxHeapBytes: 100 << 20 }), [10, 90]);
  assert.deepEqual(keptOf({ maxCachedInterpreters: 0, maxHeapBytes: 100 << 20 }), [1, 99]);
  assert.deepEqual(keptOf({ maxCachedInterpreters: 1000, maxHeapBytes: 1 << 20 }), [32, 68]);
  assert.deepEqual(keptOf({ maxCachedInterpreters: 1000, maxHeapBytes: 0 }), [32, 68]);
  assert.deepEqual(keptOf({ maxCachedInterpreters: 1000, maxHeapBytes: 256 << 20 }), [4, 96]);
  assert.deepEqual(keptOf({ maxCachedInterpreters: 1000, maxHeapBytes: 2 ** 32 }), [1, 99]);
});

quickJsTest('an application with very many keys leaves interpreters of the engine to others', (wasm) => {
  const engine = quickJsEngine({ wasm });
  const program = { engine, modules: [], role: 'readonly', services: noServices } as const;
  const load = (): CcfInterpreter => loadCcfProgram(program, limits);
  const pool = new InterpreterPool(load, { maxCachedInterpreters: 1000, maxHeapBytes: 1 << 20 });
  for (let key = 0; key < 70; key++) pool.use('readonly', String(key), () => true);
  assert.ok(engine.instances <= 33, `${engine.instances} instances`);
  load().dispose();
  pool.dispose();
});
