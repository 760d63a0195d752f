import './errors.ts';
import type { DuplexLike, Endpoint } from '@enclos/gate';
import { serveEngine } from './companion/serve.ts';
import type { OnnxruntimeBinding } from './native/binding.ts';
import { createNativeEngine } from './native/engine.ts';

export type { Engine, LoadOptions, Session } from './companion/engine.ts';
export { serveEngine } from './companion/serve.ts';
export type { OnnxruntimeBinding } from './native/binding.ts';
export { createNativeEngine } from './native/engine.ts';

/**
 * Serves ONNX Runtime in native code to the enclave at the other end of the stream. It is what the script of a companion does.
 *
 * @param binding what `onnxruntime_binding.node` exports.
 * @returns the endpoint, whose `closed` resolves when the enclave is gone.
 */
export function serveNativeEngine(stream: DuplexLike, binding: OnnxruntimeBinding): Endpoint {
  return serveEngine(stream, createNativeEngine(binding));
}
