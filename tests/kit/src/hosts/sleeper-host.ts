import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { loadEnclave } from '@enclos/host';
import { startMachine } from '../machines.ts';
import { sleeper } from '../../enclaves/sleeper/sleeper.edl.ts';

/**
 * A host program, to be killed: starts a platform of its own and one sleeper,
 * makes one call, and says when the enclave is in the middle of it.
 */
const { values } = parseArgs({
  options: {
    image: { type: 'string', default: '' },
    signature: { type: 'string', default: '' },
    state: { type: 'string', default: '' },
    doing: { type: 'string', default: 'idle' },
  },
});

const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const platform = await startMachine({ stateFolder: values.state });
const during = values.doing.startsWith('start-') ? { environment: { START: values.doing.slice(6) } } : {};
say({ platform: platform.processId });
const enclave = await loadEnclave({
  image: new Uint8Array(readFileSync(values.image)),
  signature: new Uint8Array(readFileSync(values.signature)),
  launcher: platform,
  interface: sleeper,
  isolation: 'best',
  ...during,
  untrusted: {
    doing: ({ what }) => say({ doing: what }),
    answer: () => {
      say({ doing: 'ask' });
      return new Promise<string>(() => undefined);
    },
    store: () => say({ doing: 'seal' }),
  },
});
if (values.doing === 'idle') say({ doing: 'idle' });
if (values.doing === 'wait') await enclave.call.wait();
if (values.doing === 'ask') await enclave.call.ask();
if (values.doing === 'spin') await enclave.call.spin();
if (values.doing === 'seal') await enclave.call.sealForever({ secret: new TextEncoder().encode('not that secret') });
