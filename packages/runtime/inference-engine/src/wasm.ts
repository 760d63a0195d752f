import './errors.ts';
import type { DuplexLike, Endpoint } from '@enclos/gate';
import { serveEngine } from './companion/serve.ts';
import { createWasmEngine, type WasmEngineOptions } from './wasm/engine.ts';

export { createWasmEngine, type WasmEngineOptions } from './wasm/engine.ts';

/**
 * Serves ONNX Runtime in WebAssembly to the enclave at the other end of the stream. It is what the script of a companion does.
 *
 * @param code `ort-wasm-simd-threaded.wasm` of onnxruntime-web 1.27.0. Its JavaScript is not needed.
 * @returns the endpoint, whose `closed` resolves when the enclave is gone.
 */
export function serveWasmEngine(
  stream: DuplexLike,
  code: Uint8Array<ArrayBuffer>,
  options?: WasmEngineOptions,
): Endpoint {
  return serveEngine(stream, createWasmEngine(code, options));
}
