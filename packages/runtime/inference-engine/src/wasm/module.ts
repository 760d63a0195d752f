import { importsOf } from './imports.ts';
import { ModuleMemory } from './memory.ts';
import { type Runtime, runtimeOf } from './runtime.ts';
import { webAssembly } from './webassembly.ts';

export interface EngineModule {
  readonly memory: ModuleMemory;
  readonly runtime: Runtime;
}

/**
 * Starts the WebAssembly module of onnxruntime-web 1.27.0 (`ort-wasm-simd-threaded.wasm`) without its JavaScript, with one thread.
 *
 * @param maxMemoryBytes how much memory the engine and its models may take, at most 4 GiB.
 * @throws TypeError for another build of the module, and CompileError for none.
 */
export function startModule(code: Uint8Array<ArrayBuffer>, maxMemoryBytes: number): EngineModule {
  const compiled = new webAssembly.Module(code);
  const memory = new ModuleMemory(maxMemoryBytes);
  const started: { runtime?: Runtime } = {};
  const imports = importsOf(memory, () => {
    if (started.runtime === undefined) throw new TypeError('The module called out before it was there.');
    return started.runtime;
  });
  const wanted = webAssembly.Module.imports(compiled).map(({ module, name }) => `${module}.${name}`);
  const given = Object.keys(imports).map((name) => `a.${name}`);
  if (wanted.toSorted().join() !== given.toSorted().join()) {
    throw new TypeError('The module is not that of onnxruntime-web 1.27.0: it has other imports.');
  }
  const runtime = runtimeOf(new webAssembly.Instance(compiled, { a: imports }).exports);
  started.runtime = runtime;
  runtime.construct();
  return { memory, runtime };
}
