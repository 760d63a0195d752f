// An engine in WebAssembly as a plain child process: its channel is descriptor 3.
import { Socket } from 'node:net';
import { serveWasmEngine } from '../../src/wasm.ts';
import { readWasm } from './onnxruntime.ts';

const channel = new Socket({ fd: 3 });
channel.on('close', () => process.exit(0));
serveWasmEngine(channel, readWasm(), { maxMemoryBytes: 268_435_456 });
