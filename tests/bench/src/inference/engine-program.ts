// An engine for measurements, in its own process: `native` or `wasm`. Its channel is descriptor 3.
import { Socket } from 'node:net';
import { CHANNEL_DESCRIPTOR } from '@enclos/inference-engine/child-processes';
import { serveEngine } from '@enclos/inference-engine/native';
import { engineOf } from './engine.ts';

const channel = new Socket({ fd: CHANNEL_DESCRIPTOR });
channel.on('close', () => process.exit(0));
serveEngine(channel, engineOf(process.argv[2] === 'wasm' ? 'wasm' : 'native'));
