import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import type { SgxLauncher } from '@enclos/tee';
import { liveTwice } from '../kill/host-life.ts';
import { mark } from '../marks.ts';
import { SealedCounter } from './counter.ts';
import { loadSigned } from './load-signed.ts';

/** A host to be killed, as `kill/loop-host.program.ts`, of a signed enclave. */
const { values } = parseArgs({
  options: {
    image: { type: 'string', default: '' },
    edl: { type: 'string', default: '' },
    state: { type: 'string', default: '' },
    mount: { type: 'string', default: '' },
    audit: { type: 'string', default: '' },
    rounds: { type: 'string', default: '1' },
  },
});

function marked(platform: EmbeddedPlatform): SgxLauncher {
  return {
    quotingTarget: () => platform.quotingTarget(),
    quote: (report) => platform.quote(report),
    async launchSgx(request) {
      mark('launch');
      const launched = await platform.launchSgx(request);
      mark('launched');
      return launched;
    },
  };
}

async function live(platform: EmbeddedPlatform): Promise<void> {
  const enclave = await loadSigned(values, marked(platform), mark);
  try {
    mark('loaded');
    const counter = new SealedCounter(enclave, join(values.mount, 'counter.sealed'), mark);
    mark('found', { value: await counter.found() });
    for (let round = 0; round < Number(values.rounds); round++) {
      mark('advance');
      mark('acknowledged', { value: await counter.advance() });
    }
    mark('dispose');
  } finally {
    await enclave.dispose();
  }
  mark('disposed');
}

await liveTwice({ stateFolder: values.state, auditFile: values.audit }, live);
