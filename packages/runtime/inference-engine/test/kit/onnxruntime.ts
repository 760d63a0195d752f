import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { OnnxruntimeBinding } from '../../src/native.ts';

/** The folder of onnxruntime-node's native files for this machine. */
export function nativeFolder(): string {
  const require = createRequire(import.meta.url);
  const main = require.resolve('onnxruntime-node');
  return join(dirname(main), '..', 'bin', 'napi-v6', process.platform, process.arch);
}

/** The WebAssembly module of onnxruntime-web, without the rest of that package. */
export function readWasm(): Uint8Array<ArrayBuffer> {
  const main = createRequire(import.meta.url).resolve('onnxruntime-web/wasm');
  return new Uint8Array(readFileSync(join(dirname(main), 'ort-wasm-simd-threaded.wasm')));
}

/** The binding of onnxruntime-node, without the rest of that package. */
export function loadBinding(): OnnxruntimeBinding {
  const require = createRequire(import.meta.url);
  // The package has no types for this file that could be imported; `OnnxruntimeBinding` is what is used of it.
  return require(join(nativeFolder(), 'onnxruntime_binding.node')) as OnnxruntimeBinding;
}
