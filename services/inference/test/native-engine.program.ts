// An engine as a plain child process: its channel is descriptor 3.
import { Socket } from 'node:net';
import { CHANNEL_DESCRIPTOR } from '@enclos/inference-engine/child-processes';
import { serveNativeEngine } from '@enclos/inference-engine/native';
import { loadBinding } from './onnxruntime.ts';

const channel = new Socket({ fd: CHANNEL_DESCRIPTOR });
channel.on('close', () => process.exit(0));
serveNativeEngine(channel, loadBinding());
