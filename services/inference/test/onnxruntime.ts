import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { OnnxruntimeBinding } from '@enclos/inference-engine/native';

/** The binding of onnxruntime-node, without the rest of that package. */
export function loadBinding(): OnnxruntimeBinding {
  const require = createRequire(import.meta.url);
  const folder = join(dirname(require.resolve('onnxruntime-node')), '../bin/napi-v6', process.platform, process.arch);
  // What the file exports is fixed by its version.
  return require(join(folder, 'onnxruntime_binding.node')) as OnnxruntimeBinding;
}
