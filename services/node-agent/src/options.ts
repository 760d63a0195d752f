import { parseArgs } from 'node:util';
import { EnclosError } from '@enclos/errors';
import type { UserRange } from '@enclos/software-sgx';

export interface AgentOptions {
  /** The kubelet's folder of sockets. */
  readonly kubeletFolder: string;
  readonly software: SoftwareOptions | undefined;
  readonly hardware: HardwareSettings | undefined;
  /** Where metrics are served; undefined: nowhere. */
  readonly metrics: { readonly host: string; readonly port: number } | undefined;
}

export interface SoftwareOptions {
  readonly devices: number;
  readonly stateFolder: string;
  readonly ownVendor: boolean;
  readonly enclaveUsers: UserRange;
  readonly runtimeFolder: string;
  readonly cacheFolder: string;
  /** The node's cgroups; undefined: enclaves stay in the agent's. */
  readonly cgroupRoot: string | undefined;
  readonly maxImageBytes: number;
  readonly auditFile: string | undefined;
  readonly quoteHelper: boolean;
}

export interface HardwareSettings {
  readonly devices: number;
  readonly deviceFolder: string;
  readonly cdiFolder: string | undefined;
  readonly epcBytes: bigint | undefined;
}

export const usage = `usage: enclos-node-agent --state DIR [option...]

  --state DIR                the machine of this node, made with enclos platform init --separated
  --own-vendor               make and certify the machine when it is not there: a root of this node's own
  --devices N                software devices, one for each container (default 20; 0: none)
  --enclave-users A-B        users of enclaves (default 3000000000-3000004095, which no pod is given)
  --runtime DIR              sockets, at the same path on the node (default /run/enclos)
  --cache DIR                copy of the interpreter (default /var/cache/enclos)
  --cgroup-root DIR          the node's cgroup v2 hierarchy (default /host/cgroup)
  --no-cgroup                count enclaves with the agent, not with their pods
  --max-image MIB            largest image that a pod may bring (default 16)
  --audit FILE               write down what the platform does
  --quote-helper             quote reports for whoever mounts RUNTIME/quotes
  --no-hardware              leave SGX hardware to another plugin
  --hardware-devices N       containers that can have SGX hardware at once (default 110)
  --device-folder DIR        the node's /dev (default /host/dev)
  --cdi DIR                  publish SGX hardware as a CDI specification, as in /var/run/cdi
  --epc BYTES                protected memory, where the agent cannot read it
  --kubelet DIR              default /var/lib/kubelet/device-plugins
  --metrics HOST:PORT        serve /metrics and /healthz
`;

const largestUser = 0xffff_fffe;

/** @throws AGENT_USAGE */
export function parseOptions(argv: readonly string[]): AgentOptions {
  const values = parse(argv);
  const devices = number('--devices', values.devices, { least: 0, most: 1024 });
  const metrics = values.metrics === undefined ? undefined : address(values.metrics);
  const options: AgentOptions = {
    kubeletFolder: kubeletPath(values.kubelet),
    software: devices === 0 ? undefined : softwareOptions(values, devices),
    hardware: values['no-hardware'] ? undefined : hardwareSettings(values),
    metrics,
  };
  if (options.software === undefined && options.hardware === undefined) refuse('Neither kind of device is wanted.');
  return Object.freeze(options);
}

type Values = ReturnType<typeof parse>;

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        state: { type: 'string' },
        'own-vendor': { type: 'boolean', default: false },
        devices: { type: 'string', default: '20' },
        'enclave-users': { type: 'string', default: '3000000000-3000004095' },
        runtime: { type: 'string', default: '/run/enclos' },
        cache: { type: 'string', default: '/var/cache/enclos' },
        'cgroup-root': { type: 'string', default: '/host/cgroup' },
        'no-cgroup': { type: 'boolean', default: false },
        'max-image': { type: 'string', default: '16' },
        audit: { type: 'string' },
        'quote-helper': { type: 'boolean', default: false },
        'no-hardware': { type: 'boolean', default: false },
        'hardware-devices': { type: 'string', default: '110' },
        'device-folder': { type: 'string', default: '/host/dev' },
        cdi: { type: 'string' },
        epc: { type: 'string' },
        kubelet: { type: 'string', default: '/var/lib/kubelet/device-plugins' },
        metrics: { type: 'string' },
      },
    }).values;
  } catch (cause) {
    // A value in the place of an option may be a secret: of what was found only the name of an option is said.
    const [, what, option = 'An option'] =
      /^(Unknown|\w+) (?:option )?'(-{1,2}[a-z][a-z-]*)/i.exec(wordsOf(cause)) ?? [];
    const found = what === 'Unknown' ? `There is no ${option}.` : `${option} lacks its value, or has one too many.`;
    throw new EnclosError('AGENT_USAGE', found, { cause });
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : '';
}

function softwareOptions(values: Values, devices: number): SoftwareOptions {
  if (values.state === undefined) refuse('Software devices need --state.');
  return {
    devices,
    stateFolder: path('--state', values.state),
    ownVendor: values['own-vendor'],
    enclaveUsers: range(values['enclave-users']),
    runtimeFolder: path('--runtime', values.runtime),
    cacheFolder: path('--cache', values.cache),
    cgroupRoot: values['no-cgroup'] ? undefined : path('--cgroup-root', values['cgroup-root']),
    maxImageBytes: number('--max-image', values['max-image'], { least: 1, most: 512 }) * 1024 * 1024,
    auditFile: values.audit === undefined ? undefined : path('--audit', values.audit),
    quoteHelper: values['quote-helper'],
  };
}

function hardwareSettings(values: Values): HardwareSettings {
  return {
    devices: number('--hardware-devices', values['hardware-devices'], { least: 1, most: 1024 }),
    deviceFolder: path('--device-folder', values['device-folder']),
    cdiFolder: values.cdi === undefined ? undefined : path('--cdi', values.cdi),
    epcBytes: values.epc === undefined ? undefined : BigInt(number('--epc', values.epc, { least: 1, most: 2 ** 50 })),
  };
}

function number(
  option: string,
  text: string,
  { least, most }: { readonly least: number; readonly most: number },
): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) refuse(`${option} is a whole number from ${least} to ${most}.`);
  return value;
}

function range(text: string): UserRange {
  const [, first, last] = /^(\d{1,10})-(\d{1,10})$/.exec(text) ?? [];
  if (first === undefined || last === undefined) refuse('--enclave-users is FIRST-LAST.');
  const limits = { least: 1, most: largestUser };
  return { first: number('--enclave-users', first, limits), last: number('--enclave-users', last, limits) };
}

/**
 * gRPC and the kubelet bind by the path itself, so all of a socket's path has to fit in the 107 bytes of an address
 * (unix(7)); the longest name of a socket, `enclos-sgx-intel-com-provision.sock`, takes 35 of them and a slash.
 */
const maxKubeletPathBytes = 71;

function kubeletPath(text: string): string {
  if (Buffer.byteLength(text) > maxKubeletPathBytes) {
    refuse(`--kubelet has at most ${maxKubeletPathBytes} bytes: sockets are in this folder.`);
  }
  return path('--kubelet', text);
}

function path(option: string, text: string): string {
  if (!text.startsWith('/')) refuse(`${option} is a path from the root.`);
  return text;
}

function address(text: string): { readonly host: string; readonly port: number } {
  const [, host, port] = /^(?:\[?([^[\]]*)\]?):(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined || host === '' || port === undefined) refuse('--metrics is HOST:PORT.');
  return { host, port: number('--metrics', port, { least: 0, most: 65_535 }) };
}

function refuse(reason: string): never {
  throw new EnclosError('AGENT_USAGE', reason);
}
