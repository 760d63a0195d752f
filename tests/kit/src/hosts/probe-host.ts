import { tmpdir } from 'node:os';
import type { Handlers } from '@enclos/edl';
import { loadEnclave, type Enclave, type HostContext, type LoadOptions } from '@enclos/host';
import type { Launcher } from '@enclos/tee';
import { probe } from '../../enclaves/probe/probe.edl.ts';
import type { SignedImage } from '../workshop.ts';

type Trusted = (typeof probe)['trusted'];
type Untrusted = (typeof probe)['untrusted'];

export type Probe = Enclave<Trusted>;
export type ProbeHandlers = Handlers<Untrusted, HostContext<Trusted>>;

/** What a host of the probe chooses; the rest is a host that behaves. */
export type ProbeOptions = Partial<
  Pick<
    LoadOptions<Trusted, Untrusted>,
    | 'mounts'
    | 'trustedFiles'
    | 'environment'
    | 'onLog'
    | 'startTimeoutMs'
    | 'signal'
    | 'logger'
    | 'logLevel'
    | 'instrumentation'
  >
> & { readonly handlers?: Partial<ProbeHandlers> };

/** The folders that the probe's manifest asks for, which must be there; the tests that use them give their own. */
const nowhere = {
  mounts: { '/state': tmpdir(), '/config': tmpdir() },
  trustedFiles: { '/models/small.bin': '/nonexistent', '/models/large.bin': '/nonexistent' },
};

const handlers: ProbeHandlers = {
  note: () => undefined,
  answer: () => 'yes',
  nest: async ({ remaining }, { enclave }) =>
    remaining === 0 ? 0 : 1 + (await enclave.nest({ remaining: remaining - 1 })),
  holding: () => undefined,
  aborted: () => undefined,
};

export function loadProbe(launcher: Launcher, signed: SignedImage, options: ProbeOptions = {}): Promise<Probe> {
  const { handlers: own, ...rest } = options;
  return loadEnclave({
    ...nowhere,
    ...rest,
    ...signed,
    launcher,
    interface: probe,
    isolation: 'best',
    untrusted: { ...handlers, ...own },
  });
}

/** Loads the probe for the time of `use`. */
export async function withProbe<T>(
  launcher: Launcher,
  signed: SignedImage,
  use: (call: Probe['call'], enclave: Probe) => Promise<T>,
  options: ProbeOptions = {},
): Promise<T> {
  const enclave = await loadProbe(launcher, signed, options);
  try {
    return await use(enclave.call, enclave);
  } finally {
    await enclave.dispose();
  }
}
