import { ApplicationError, defineEnclave, openMount, quote, seal, unseal } from '@enclos/enclave';
import { subject } from './subject.edl.ts';

const policy = { policy: 'enclave' } as const;
/** Several pieces of a mount's write, so that a write can be torn. */
const stateBytes = 560_000;
const stateFile = 'counter.sealed';

type At = (step: string) => Promise<unknown>;

async function readCounter(at: At): Promise<number | undefined> {
  await at('read');
  const sealed = await openMount('/state').readFile(stateFile);
  if (sealed === undefined) return undefined;
  await at('unseal');
  const state = await unseal(sealed, policy);
  await at('unsealed');
  const counter = new DataView(state.buffer, state.byteOffset).getUint32(0);
  const isWhole = state.length === stateBytes && state.subarray(4).every((byte) => byte === (counter & 0xff));
  if (!isWhole) throw new ApplicationError('The state is torn.');
  return counter;
}

async function writeCounter(counter: number, at: At): Promise<void> {
  const state = new Uint8Array(stateBytes).fill(counter & 0xff);
  new DataView(state.buffer).setUint32(0, counter);
  await at('seal');
  const sealed = await seal(state, policy);
  await at('store');
  await openMount('/state').writeFile(stateFile, sealed);
  await at('stored');
}

export const application = defineEnclave(
  subject,
  {
    found: (_, { host }) => readCounter((step) => host.at({ step })),
    async advance(_, { host }) {
      const at: At = (step) => host.at({ step });
      const counter = ((await readCounter(at)) ?? 0) + 1;
      await writeCounter(counter, at);
      return counter;
    },
    echo: ({ data }) => data,
    nest: ({ depth, data }, { host }) => (depth === 0 ? data : host.nest({ depth: depth - 1, data })),
    async wait(_, { signal }) {
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    },
    sealing: async ({ data }) => unseal(await seal(data, policy), policy),
    async file({ name, data }) {
      const mount = openMount('/state');
      await mount.writeFile(name, data);
      const content = await mount.readFile(name);
      await mount.remove(name);
      if (content === undefined) throw new ApplicationError('The file is gone.');
      return content;
    },
    evidence: ({ nonce }) => quote({ purpose: 'torture', nonce }),
  },
  { start: ({ host }) => host.at({ step: 'start' }).then(() => undefined) },
);
