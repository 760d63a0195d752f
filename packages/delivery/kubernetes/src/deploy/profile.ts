import { epcResource, provisionResource } from '../lint/sgx-resources.ts';
import { softwareResource } from '../software-device.ts';
import type { DeploySettings, ProfileName } from './settings.ts';

type Pair = readonly [name: string, value: string];

/** What a profile adds to the pod of every application. */
export interface Profile {
  readonly name: ProfileName;
  /** What protects the enclave, and from which party. It goes into the manifest, so that readers need not guess. */
  readonly boundary: string;
  /** Has Services, network policies and a scheduler. */
  readonly isCluster: boolean;
  readonly needsEpc: boolean;
  readonly devices: (settings: DeploySettings) => readonly string[];
  readonly env: (settings: DeploySettings) => readonly Pair[];
  /** A folder of the node, at the same place in the container. */
  readonly hostFolder: (settings: DeploySettings) => string | undefined;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly tolerationKeys: readonly string[];
}

/** The user and the group of images of Enclos. */
export const podUser = 65_532;

const platformFolder = '/run/enclos';
const platformAt = (socket: string): readonly Pair[] => [['ENCLOS_PLATFORM', `${platformFolder}/${socket}`]];

const sgx = {
  isCluster: true,
  needsEpc: true,
  nodeSelector: {},
  // Nodes with SGX often carry this taint, and a toleration of an absent taint does nothing.
  tolerationKeys: [epcResource],
  env: ({ quoteProvider = 'aesmd' }: DeploySettings): readonly Pair[] =>
    quoteProvider === 'aesmd' ? [['SGX_AESM_ADDR', '1']] : [],
  hostFolder: ({ quoteProvider = 'aesmd' }: DeploySettings) =>
    quoteProvider === 'aesmd' ? '/var/run/aesmd' : undefined,
};

const provision = ({ quoteProvider }: DeploySettings): readonly string[] =>
  quoteProvider === 'in-process' ? [provisionResource] : [];

const software = {
  isCluster: true,
  needsEpc: false,
  nodeSelector: {},
  tolerationKeys: [],
  devices: () => [softwareResource],
  env: () => platformAt('platform.sock'),
  // The device plugin of the node agent brings the socket.
  hostFolder: () => undefined,
};

const all: Readonly<Record<ProfileName, Profile>> = {
  software: {
    ...software,
    name: 'software',
    boundary:
      'software SGX: other pods cannot read the enclave; the node and its administrators can, and its evidence says so',
  },
  'aks-snp': {
    ...software,
    name: 'aks-snp',
    boundary:
      'the node, a confidential VM with AMD SEV-SNP: the operator of the cloud cannot read it; the administrator of the cluster can. The enclave inside is software SGX, and its evidence does not prove the node',
    nodeSelector: { 'kubernetes.azure.com/security-type': 'ConfidentialVM' },
  },
  sgx: {
    ...sgx,
    name: 'sgx',
    boundary: 'the enclave, by Intel SGX: neither the node nor its administrator can read it',
    devices: (settings) => ['sgx.intel.com/enclave', ...provision(settings)],
  },
  'aks-sgx': {
    ...sgx,
    name: 'aks-sgx',
    boundary: 'the enclave, by Intel SGX: neither the node nor its administrator can read it',
    // The add-on of AKS gives the enclave device to every container that requests EPC.
    devices: provision,
  },
  podman: {
    ...software,
    name: 'podman',
    boundary: 'software SGX on this machine: its administrators can read the enclave, and its evidence says so',
    isCluster: false,
    devices: () => [],
    // `enclos platform serve --separated` makes a socket for each user of hosts, and those of enclaves, in this folder.
    env: () => platformAt(`host-${podUser}.sock`),
    hostFolder: () => platformFolder,
  },
};

/** Pods that start no enclave run on any node of the same place, and are given nothing of it. */
export function profileOf(profile: ProfileName, enclave: DeploySettings['enclave']): Profile {
  const { name, isCluster } = all[profile];
  if (enclave !== 'none') return all[profile];
  return {
    name,
    isCluster,
    boundary: 'none: these pods start no enclave, and administrators of the node can read them',
    needsEpc: false,
    devices: () => [],
    env: () => [],
    hostFolder: () => undefined,
    nodeSelector: {},
    tolerationKeys: [],
  };
}
