import {
  addressIn,
  parseCommand,
  usageLine,
  wholeNumberIn,
  type CommandInput,
  type NetworkAddress,
  type NumberBounds,
} from '@enclos/command-line';
import type { UserRange } from '@enclos/software-sgx';
import { agentCommand, program } from './agent-command.ts';
import { maxDraDevices } from './dra/driver.ts';
import { maxDevices } from './limits.ts';

export interface AgentOptions {
  /** The kubelet's folder of sockets. */
  readonly kubeletFolder: string;
  readonly software: SoftwareOptions | undefined;
  readonly hardware: HardwareSettings | undefined;
  /** What the agent tells the cluster; undefined: nothing. */
  readonly report: ReportOptions | undefined;
  /** Where metrics are served; undefined: nowhere. */
  readonly metrics: NetworkAddress | undefined;
}

export interface ReportOptions {
  readonly node: string;
  readonly events: boolean;
  readonly podEvents: boolean;
  readonly condition: boolean;
  readonly label: boolean;
}

export interface SoftwareOptions {
  /** Those that the device plugin gives; may be 0 where claims get some. */
  readonly devices: number;
  /** Those that claims get; undefined: none. */
  readonly dra: DraOptions | undefined;
  readonly stateFolder: string;
  readonly ownVendor: boolean;
  /** The collateral of a vendor elsewhere. */
  readonly collateral: CollateralPlace | undefined;
  readonly enclaveUsers: UserRange;
  readonly runtimeFolder: string;
  readonly cacheFolder: string;
  /** The node's cgroups; undefined: enclaves stay in the agent's. */
  readonly cgroupRoot: string | undefined;
  /** Devices work although enclaves lack layers of isolation. */
  readonly allowsMissingIsolation: boolean;
  readonly maxImageBytes: number;
  readonly auditFile: string | undefined;
  readonly quoteHelper: boolean;
  /** The folder in which the kubelet says which pods have which devices. */
  readonly podResources: string;
}

/** Dynamic resource allocation. */
export interface DraOptions {
  readonly devices: number;
  /** The name of this node, and of its pool of devices. */
  readonly node: string;
  /** Where container runtimes look for specifications. */
  readonly cdiFolder: string;
  /** The folder of the kubelet, at the same path on the node. */
  readonly kubeletRoot: string;
}

/** A file or a folder, or an address of http or https with the authorities for it. */
export type CollateralPlace =
  | { readonly path: string }
  | { readonly url: string; readonly authorityFile: string | undefined };

export interface HardwareSettings {
  readonly devices: number;
  readonly deviceFolder: string;
  readonly cdiFolder: string | undefined;
  readonly epcBytes: bigint | undefined;
}

const largestUser = 0xffff_fffe;

/**
 * Reads the command line of the agent.
 * @returns undefined when it asks for help
 * @throws AGENT_USAGE
 */
export function parseOptions(argv: readonly string[]): AgentOptions | undefined {
  const parsed = parseCommand({ ...program, command: agentCommand }, argv);
  if (parsed === undefined) return undefined;
  const values = parsed.input.options;
  const devices = number('--devices', values.devices, { least: 0, most: maxDevices });
  const dra = draOptions(values);
  const hasSoftware = devices > 0 || dra !== undefined;
  const options: AgentOptions = {
    kubeletFolder: socketFolder('--kubelet', values.kubelet, maxKubeletPathBytes),
    software: hasSoftware ? softwareOptions(values, { devices, dra }) : undefined,
    hardware: values['no-hardware'] ? undefined : hardwareSettings(values),
    report: hasSoftware ? reportOptions(values) : undefined,
    metrics: values.metrics === undefined ? undefined : address(values.metrics),
  };
  if (options.software === undefined && options.hardware === undefined) refuse('Neither kind of device is wanted.');
  return Object.freeze(options);
}

type Values = CommandInput<typeof agentCommand.options>['options'];

function softwareOptions(values: Values, devices: Pick<SoftwareOptions, 'devices' | 'dra'>): SoftwareOptions {
  if (values.state === undefined) refuse('Software devices need --state.');
  return {
    ...devices,
    stateFolder: path('--state', values.state),
    ownVendor: values['own-vendor'],
    collateral: collateralPlace(values),
    enclaveUsers: range(values['enclave-users']),
    runtimeFolder: path('--runtime', values.runtime),
    cacheFolder: path('--cache', values.cache),
    cgroupRoot: values['no-cgroup'] ? undefined : path('--cgroup-root', values['cgroup-root']),
    allowsMissingIsolation: values['allow-missing-isolation'],
    maxImageBytes: number('--max-image', values['max-image'], { least: 1, most: 512 }) * 1024 * 1024,
    auditFile: values.audit === undefined ? undefined : path('--audit', values.audit),
    quoteHelper: values['quote-helper'],
    podResources: path('--pod-resources', values['pod-resources']),
  };
}

function collateralPlace(values: Values): CollateralPlace | undefined {
  const { collateral, 'collateral-ca': authority, 'own-vendor': ownVendor } = values;
  const isSecure = collateral?.startsWith('https://') === true;
  if (authority !== undefined && !isSecure) refuse('--collateral-ca goes with an https address of --collateral.');
  if (collateral === undefined) return undefined;
  if (ownVendor) refuse('--own-vendor makes its own collateral: leave out --collateral, or enrol the node elsewhere.');
  if (!isSecure && !collateral.startsWith('http://')) return { path: path('--collateral', collateral) };
  const url = collateralAddress('--collateral', collateral);
  return { url, authorityFile: authority === undefined ? undefined : path('--collateral-ca', authority) };
}

/** @throws AGENT_USAGE */
export function collateralAddress(option: string, text: string): string {
  // In a name, the place of the root is not percent-encoded yet.
  const url = text.replaceAll('{root}', '0'.repeat(64));
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const isUsable = parsed !== undefined && ['http:', 'https:'].includes(parsed.protocol);
  if (!isUsable || parsed.username !== '' || parsed.password !== '' || parsed.hash !== '') {
    refuse(`${option} is an http or https address without a user and a fragment.`);
  }
  return text;
}

/** The name of a node is a DNS subdomain. */
const nodeName = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

function reportOptions(values: Values): ReportOptions | undefined {
  const { node = '', events, 'pod-events': podEvents, 'node-condition': condition, 'node-label': label } = values;
  if (!events && !podEvents && !condition && !label) return undefined;
  if (!nodeName.test(node)) {
    refuse('--events, --pod-events, --node-condition and --node-label need --node, the name of this node.');
  }
  return { node, events, podEvents, condition, label };
}

function draOptions(values: Values): DraOptions | undefined {
  const devices = number('--dra', values.dra, { least: 0, most: maxDraDevices });
  if (devices === 0) return undefined;
  const { node = '' } = values;
  if (!nodeName.test(node)) refuse('--dra needs --node, the name of this node.');
  return {
    devices,
    node,
    cdiFolder: path('--dra-cdi', values['dra-cdi']),
    kubeletRoot: socketFolder('--kubelet-root', values['kubelet-root'], maxKubeletRootBytes),
  };
}

function hardwareSettings(values: Values): HardwareSettings {
  return {
    devices: number('--hardware-devices', values['hardware-devices'], { least: 1, most: maxDevices }),
    deviceFolder: path('--device-folder', values['device-folder']),
    cdiFolder: values.cdi === undefined ? undefined : path('--cdi', values.cdi),
    epcBytes: values.epc === undefined ? undefined : BigInt(number('--epc', values.epc, { least: 1, most: 2 ** 50 })),
  };
}

function number(option: string, text: string, bounds: NumberBounds): number {
  const value = wholeNumberIn(text, bounds);
  return value ?? refuse(`${option} is a whole number from ${bounds.least} to ${bounds.most}.`);
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

/** `/plugins_registry/software-sgx.enclos.dev-reg.sock` takes 50. */
const maxKubeletRootBytes = 57;

function socketFolder(option: string, text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) > maxBytes) {
    refuse(`${option} has at most ${maxBytes} bytes: sockets are in this folder.`);
  }
  return path(option, text);
}

function path(option: string, text: string): string {
  if (!text.startsWith('/')) refuse(`${option} is a path from the root.`);
  return text;
}

function address(text: string): NetworkAddress {
  return addressIn(text) ?? refuse('--metrics is HOST:PORT, with a port from 0 to 65535.');
}

function refuse(message: string): never {
  return program.refuse(message, usageLine(program.name, agentCommand));
}
