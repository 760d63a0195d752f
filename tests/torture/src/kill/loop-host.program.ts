import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { loadEnclave, type Enclave } from '@enclos/host';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import type { Launcher } from '@enclos/tee';
import { subject } from '../../enclaves/subject/subject.edl.ts';
import { mark } from '../marks.ts';
import { liveTwice } from './host-life.ts';

/**
 * A host to be killed: starts a platform of its own, loads the enclave, and
 * advances its counter. It says before each step what the step is, and
 * acknowledges a counter after it is stored. When its enclave is lost, it
 * begins again; when its platform is lost, it ends.
 */
const { values } = parseArgs({
  options: {
    image: { type: 'string', default: '' },
    signature: { type: 'string', default: '' },
    state: { type: 'string', default: '' },
    mount: { type: 'string', default: '' },
    audit: { type: 'string', default: '' },
    rounds: { type: 'string', default: '1' },
  },
});

function marked(launcher: Launcher): Launcher {
  return {
    ...launcher,
    async launch(request) {
      mark('launch');
      const launched = await launcher.launch(request);
      mark('launched');
      return launched;
    },
  };
}

async function live(platform: EmbeddedPlatform): Promise<void> {
  const enclave: Enclave<(typeof subject)['trusted']> = await loadEnclave({
    image: new Uint8Array(readFileSync(values.image)),
    signature: new Uint8Array(readFileSync(values.signature)),
    interface: subject,
    launcher: marked(platform),
    isolation: 'best',
    mounts: { '/state': values.mount },
    untrusted: { at: ({ step }) => mark(step), nest: ({ data }) => data },
  });
  try {
    mark('loaded');
    mark('found', { value: (await enclave.call.found()) ?? 0 });
    for (let round = 0; round < Number(values.rounds); round++) {
      mark('advance');
      mark('acknowledged', { value: await enclave.call.advance() });
    }
    mark('dispose');
  } finally {
    await enclave.dispose();
  }
  mark('disposed');
}

await liveTwice({ stateFolder: values.state, auditFile: values.audit }, live);
