import { defineCompanion } from '@enclos/enclave/companion';
import { serveNativeEngine, type OnnxruntimeBinding } from '@enclos/inference-engine/native';

/** ONNX Runtime, in a process without keys beside the enclave. */
export const companion = defineCompanion(({ channel, loadAddon }) => {
  // What the file exports is fixed by its measured digest.
  serveNativeEngine(channel, loadAddon('onnxruntime_binding.node') as OnnxruntimeBinding);
});
