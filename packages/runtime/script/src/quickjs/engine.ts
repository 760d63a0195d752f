import { randomFillSync } from 'node:crypto';

import { EnclosError } from '@enclos/errors';

import type { ScriptEngine, ScriptLimits, ScriptProgram } from '../engine.ts';
import { MemoryBudget } from './budget.ts';
import type { QuickJsMachine } from './instance.ts';
import { QuickJsInterpreter } from './interpreter.ts';
import { InstancePool } from './pool.ts';
import { webAssembly, type WasmModule } from './webassembly.ts';

const DEFAULT_MAX_TOTAL_BYTES = 2 ** 31;

export interface QuickJsEngineOptions {
  /** The interpreter: `findQuickJs` of `@enclos/script/artefact` reads it outside, and an image embeds it. */
  readonly wasm: Uint8Array;
  /** Memory of all interpreters together. It lies outside of V8's heap. Default: 2 GiB */
  readonly maxTotalBytes?: number;
  /** Clocks and randomness other than those of the process. */
  readonly machine?: Partial<QuickJsMachine>;
}

/** An engine that also tells what its interpreters use. */
export interface QuickJsEngine extends ScriptEngine {
  /** Memory of all interpreters, with images, and of those that are gone and not collected yet, in bytes. */
  readonly usedBytes: number;
  /** Memories of interpreters, in use or not, with those that are not collected yet: at most 64. */
  readonly instances: number;
  load(program: ScriptProgram, limits: ScriptLimits): QuickJsInterpreter;
}

/**
 * Runs programs on QuickJS in WebAssembly, in the caller's thread. Limits of heap, stack and time hold inside builtins too.
 * @example
 * const engine = quickJsEngine({ wasm: findQuickJs().wasm });
 * const interpreter = engine.load({ prelude, modules, host }, limits);
 * const outcome = interpreter.call('handle', ['/app.js', 'get'], limits);
 * interpreter.reset();
 */
export function quickJsEngine({ wasm, maxTotalBytes, machine = {} }: QuickJsEngineOptions): QuickJsEngine {
  const budget = new MemoryBudget(maxTotalBytes ?? DEFAULT_MAX_TOTAL_BYTES);
  const instances = new InstancePool(compile(wasm), budget);
  const parts = { instances, machine: { ...processMachine(), ...machine }, budget };
  return {
    name: 'quickjs',
    get usedBytes() {
      return budget.usedBytes;
    },
    get instances() {
      return instances.instances;
    },
    load: (program, limits) => new QuickJsInterpreter(parts, program, limits),
  };
}

function compile(wasm: Uint8Array): WasmModule {
  try {
    const module = new webAssembly.Module(wasm);
    if (webAssembly.Module.imports(module).every((wanted) => wanted.module === 'enclos')) return module;
  } catch {
    // Said below.
  }
  throw new EnclosError('SCRIPT_ENGINE_INVALID', 'The bytes are not the interpreter that belongs to this version.');
}

function processMachine(): QuickJsMachine {
  const random = new Uint32Array(256);
  let next = random.length;
  return {
    monotonicMs: () => performance.now(),
    dateMs: () => Date.now(),
    random() {
      if (next >= random.length) {
        randomFillSync(random);
        next = 0;
      }
      const high = (random[next] ?? 0) >>> 5;
      const low = (random[next + 1] ?? 0) >>> 6;
      next += 2;
      return (high * 2 ** 26 + low) / 2 ** 53;
    },
  };
}
