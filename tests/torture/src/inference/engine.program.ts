// An engine as a plain child process, of the kind that its argument says: its channel is descriptor 3.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { CHANNEL_DESCRIPTOR } from '@enclos/inference-engine/child-processes';
import { serveNativeEngine, type OnnxruntimeBinding } from '@enclos/inference-engine/native';
import { serveWasmEngine } from '@enclos/inference-engine/wasm';

const require = createRequire(import.meta.url);
const channel = new Socket({ fd: CHANNEL_DESCRIPTOR });
channel.on('close', () => process.exit(0));
if (process.argv[2] === 'wasm') {
  const folder = dirname(require.resolve('onnxruntime-web/wasm'));
  const code = readFileSync(join(folder, 'ort-wasm-simd-threaded.wasm'));
  serveWasmEngine(channel, new Uint8Array(code), { maxMemoryBytes: 536_870_912 });
} else {
  const folder = join(dirname(require.resolve('onnxruntime-node')), '../bin/napi-v6', process.platform, process.arch);
  // What the file exports is fixed by its version.
  serveNativeEngine(channel, require(join(folder, 'onnxruntime_binding.node')) as OnnxruntimeBinding);
}
