import { readFileSync } from 'node:fs';
import { startMachine } from '../machines.ts';
import { addressOf, loadStreams } from './streams-host.ts';

/** A host program, to be killed: its enclave echoes on a port, which it says. Arguments: state folder, image, signature. */
const [stateFolder = '', image = '', signature = ''] = process.argv.slice(2);
const platform = await startMachine({ stateFolder });
const signed = {
  image: new Uint8Array(readFileSync(image)),
  signature: new Uint8Array(readFileSync(signature)),
};
const enclave = await loadStreams(platform, signed);
await enclave.call.serve({ listener: 'first', manner: 'echo' });
const { port } = addressOf(enclave, 'first');
process.stdout.write(`${JSON.stringify({ platform: platform.processId, port })}\n`);
