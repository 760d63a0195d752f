import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { loadEnclave } from '@enclos/host';
import { startMachine } from '../machines.ts';
import { companion } from '../../enclaves/companion/companion.edl.ts';

/** A host program, to be killed: starts its own platform and an enclave with companions, and says when these run. */
const { values } = parseArgs({
  options: {
    image: { type: 'string', default: '' },
    signature: { type: 'string', default: '' },
    files: { type: 'string', default: '' },
    state: { type: 'string', default: '' },
  },
});

const platform = await startMachine({ stateFolder: values.state });
const enclave = await loadEnclave({
  image: new Uint8Array(readFileSync(values.image)),
  signature: new Uint8Array(readFileSync(values.signature)),
  companionFiles: values.files,
  launcher: platform,
  interface: companion,
  isolation: 'best',
  untrusted: {},
});
await enclave.call.ready({ processes: 2 });
process.stdout.write(`${JSON.stringify({ platform: platform.processId })}\n`);
