import type { CommandShape, Program } from '@enclos/command-line';
import { EnclosError } from '@enclos/errors';

/** The agent as a program. It has one command without a name, the agent, and `manifests`. */
export const program: Program = {
  name: 'enclos-node-agent',
  summary: 'Give the pods of this node SGX devices',
  refuse(message, usage) {
    throw new EnclosError('AGENT_USAGE', message, usage === undefined ? {} : { details: { usage } });
  },
};

/** What the agent is started with. */
export const agentCommand = {
  description: [
    'Runs the agent of a Kubernetes node: a device plugin of the kubelet, and the software platform of the node’s pods.',
    'It logs to its output, and ends in order on SIGTERM and SIGINT.',
    '',
    '`enclos-node-agent manifests` writes the manifests that run it in a cluster.',
  ],
  arguments: {},
  options: {
    state: {
      type: 'string',
      value: 'DIR',
      summary: 'The machine of this node, made with `enclos platform init --separated`; software devices need it',
    },
    'own-vendor': {
      type: 'boolean',
      summary: 'Make and certify the machine, with a separate root for this node, when it is not there',
    },
    collateral: {
      type: 'string',
      value: 'FILE|URL',
      summary: 'The collateral of a vendor elsewhere, for pods: a file, a folder of .json files, or an address',
    },
    'collateral-ca': {
      type: 'string',
      value: 'FILE',
      summary: 'The certificate authorities for an https address of --collateral, in PEM',
    },
    devices: {
      type: 'string',
      value: 'N',
      default: '20',
      summary: 'Software devices, one for each container; 0 for none',
    },
    'enclave-users': {
      type: 'string',
      value: 'FIRST-LAST',
      default: '3000000000-3000004095',
      summary: 'Users of enclaves, which no pod is given',
    },
    runtime: {
      type: 'string',
      value: 'DIR',
      default: '/run/enclos',
      summary: 'Folder of sockets, at the same path on the node',
    },
    cache: {
      type: 'string',
      value: 'DIR',
      default: '/var/cache/enclos',
      summary: 'Folder for the copy of the interpreter',
    },
    'cgroup-root': {
      type: 'string',
      value: 'DIR',
      default: '/host/cgroup',
      summary: 'The node’s /sys/fs/cgroup, of version 1, 2 or both',
    },
    'no-cgroup': { type: 'boolean', summary: 'Count enclaves with the agent instead of their pods' },
    'allow-missing-isolation': {
      type: 'boolean',
      summary: 'Give devices on a node that cannot give enclaves every layer of isolation',
    },
    'max-image': { type: 'string', value: 'MIB', default: '16', summary: 'Largest image that a pod may bring' },
    audit: { type: 'string', value: 'FILE', summary: 'Record what the platform does' },
    'quote-helper': { type: 'boolean', summary: 'Quote reports for pods that mount RUNTIME/quotes' },
    'no-hardware': { type: 'boolean', summary: 'Leave SGX hardware to another plugin' },
    'hardware-devices': {
      type: 'string',
      value: 'N',
      default: '110',
      summary: 'Containers that can have SGX hardware at once',
    },
    'device-folder': { type: 'string', value: 'DIR', default: '/host/dev', summary: 'The node’s /dev' },
    cdi: {
      type: 'string',
      value: 'DIR',
      summary: 'Publish SGX hardware as a CDI specification in this folder, such as /var/run/cdi',
    },
    epc: { type: 'string', value: 'BYTES', summary: 'Size of protected memory, where the agent cannot read it' },
    kubelet: {
      type: 'string',
      value: 'DIR',
      default: '/var/lib/kubelet/device-plugins',
      summary: 'The kubelet’s folder of sockets',
    },
    'pod-resources': {
      type: 'string',
      value: 'DIR',
      default: '/var/lib/kubelet/pod-resources',
      summary: 'Where the kubelet says which pods have which devices, to remove the folders of pods that are gone',
    },
    dra: {
      type: 'string',
      value: 'N',
      default: '0',
      summary: 'Software devices for resource claims (dynamic resource allocation), beside --devices; needs --node',
    },
    'dra-cdi': {
      type: 'string',
      value: 'DIR',
      default: '/var/run/cdi',
      summary: 'Folder in which the container runtime finds the devices of claims',
    },
    'kubelet-root': {
      type: 'string',
      value: 'DIR',
      default: '/var/lib/kubelet',
      summary: 'The kubelet’s root, with its folders of plugins, for --dra',
    },
    node: {
      type: 'string',
      value: 'NAME',
      summary: 'The name of this node, for --dra and the three options that follow',
    },
    events: { type: 'boolean', summary: 'Write events to the node when its software devices fail or recover' },
    'pod-events': {
      type: 'boolean',
      summary: 'Write events to a pod when a connection or an enclave is refused to it',
    },
    'node-condition': { type: 'boolean', summary: 'Keep the condition EnclosSoftwareSgxReady of the node' },
    'node-label': { type: 'boolean', summary: 'Label the node enclos.dev/software-sgx=true while its devices work' },
    metrics: { type: 'string', value: 'HOST:PORT', summary: 'Serve /metrics, /healthz and /readyz there' },
  },
  examples: [
    {
      command: 'enclos-node-agent --state /var/lib/enclos --metrics 127.0.0.1:9464',
      summary: 'Software devices, and hardware where there is some',
    },
    {
      command: 'enclos-node-agent --state /var/lib/enclos --collateral /etc/enclos/collateral',
      summary: 'With the collateral of one vendor for all nodes, from a config map',
    },
    { command: 'enclos-node-agent --devices 0', summary: 'Hardware only' },
  ],
  exitCodes: {},
  hasJson: false,
} as const satisfies CommandShape & { readonly hasJson: boolean };
