// An engine as a plain child process: its channel is descriptor 3.
import { Socket } from 'node:net';
import { serveNativeEngine } from '../../src/native.ts';
import { loadBinding } from './onnxruntime.ts';

const channel = new Socket({ fd: 3 });
channel.on('close', () => process.exit(0));
serveNativeEngine(channel, loadBinding());
