import { defineCompanion } from '@enclos/enclave/companion';
import { serveWasmEngine } from '@enclos/inference-engine/wasm';

/** ONNX Runtime in WebAssembly, in a process without keys beside the enclave, which loads no native code. */
export const companion = defineCompanion(({ channel, readFile }) => {
  serveWasmEngine(channel, new Uint8Array(readFile('ort-wasm-simd-threaded.wasm')), { maxMemoryBytes: 1_073_741_824 });
});
