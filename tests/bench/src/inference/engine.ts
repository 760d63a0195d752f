import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createNativeEngine, type Engine, type OnnxruntimeBinding } from '@enclos/inference-engine/native';
import { createWasmEngine } from '@enclos/inference-engine/wasm';

export type EngineKind = 'native' | 'wasm';

const require = createRequire(import.meta.url);

/** The engine in this process, as a server without an enclave would have it. */
export function engineOf(kind: EngineKind): Engine {
  if (kind === 'wasm') {
    const folder = dirname(require.resolve('onnxruntime-web/wasm'));
    return createWasmEngine(new Uint8Array(readFileSync(join(folder, 'ort-wasm-simd-threaded.wasm'))));
  }
  const folder = join(dirname(require.resolve('onnxruntime-node')), '../bin/napi-v6', process.platform, process.arch);
  // The package has no types for this file; they are those of what is used of it.
  return createNativeEngine(require(join(folder, 'onnxruntime_binding.node')) as OnnxruntimeBinding);
}
