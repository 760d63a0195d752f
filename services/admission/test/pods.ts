import type { JsonObject, JsonValue } from '@enclos/codec/json';
import type { PatchOperation } from '../src/pod/patch.ts';

/** A pod, and what the webhook adds to it: written by hand from the documentation. */
export interface PodCase {
  readonly name: string;
  readonly pod: JsonObject;
  readonly operations: readonly PatchOperation[];
}

/** A pod with the label; as it comes from the API server, which has resources in every container. */
export function askingPod(annotations: Readonly<Record<string, string>>, spec: JsonObject): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { generateName: 'app-', labels: { app: 'app', 'enclos.dev/inject': 'enabled' }, annotations },
    spec: { serviceAccountName: 'default', ...spec },
  };
}

const add = (path: string, value: JsonValue): PatchOperation => ({ op: 'add', path, value });
const software = { 'enclos.dev/platform': 'software' };
const sgx = { 'enclos.dev/platform': 'sgx' };
const sgx10 = { ...sgx, 'enclos.dev/epc': '10Mi' };
const softwareDevice = { 'enclos.dev/software-sgx': '1' };
const platformVariable = { name: 'ENCLOS_PLATFORM', value: '/run/enclos/platform.sock' };
const rootsMount = { name: 'enclos-software-roots', mountPath: '/etc/enclos/roots', readOnly: true };
const rootsVolume = { name: 'enclos-software-roots', configMap: { name: 'enclos-software-roots', optional: true } };
const aesmVariable = { name: 'SGX_AESM_ADDR', value: '1' };
const aesmMount = { name: 'aesmd-socket', mountPath: '/var/run/aesmd', readOnly: true };
const nodeAesm = { name: 'aesmd-socket', hostPath: { path: '/var/run/aesmd', type: 'Directory' } };
const tolerationOf = (key: string) => ({ key, operator: 'Exists', effect: 'NoSchedule' });
const softwareToleration = add('/spec/tolerations', [tolerationOf('enclos.dev/software-sgx')]);
const sgxToleration = add('/spec/tolerations', [tolerationOf('sgx.intel.com/epc')]);
const container = (name: string, more: JsonObject = {}) => ({
  name,
  image: `registry.example/${name}`,
  resources: {},
  ...more,
});
const both = (quantities: Readonly<Record<string, string | number>>) => ({ limits: quantities, requests: quantities });
const sgxDevices = (epc: string) => ({ 'sgx.intel.com/epc': epc, 'sgx.intel.com/enclave': '1' });
/** What a container gets whose resources are `{}`. */
const devices = (path: string, quantities: Readonly<Record<string, string>>) => [
  add(`${path}/resources/limits`, quantities),
  add(`${path}/resources/requests`, quantities),
];
const softwareAdditions = (path: string) => [
  ...devices(path, softwareDevice),
  add(`${path}/env`, [platformVariable]),
  add(`${path}/volumeMounts`, [rootsMount]),
];
const token = { name: 'kube-api-access', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true };
const tokenVolume = { name: 'kube-api-access', projected: { sources: [] } };

export const podCases: readonly PodCase[] = [
  {
    name: 'software, one container',
    pod: askingPod(software, { containers: [container('app')] }),
    operations: [...softwareAdditions('/spec/containers/0'), add('/spec/volumes', [rootsVolume]), softwareToleration],
  },
  {
    name: 'software, no resources at all',
    pod: askingPod(software, { containers: [{ name: 'app', image: 'registry.example/app' }] }),
    operations: [
      add('/spec/containers/0/resources', both(softwareDevice)),
      add('/spec/containers/0/env', [platformVariable]),
      add('/spec/containers/0/volumeMounts', [rootsMount]),
      add('/spec/volumes', [rootsVolume]),
      softwareToleration,
    ],
  },
  {
    name: 'software, beside resources, environment, mounts, volumes and tolerations of its own',
    pod: askingPod(software, {
      containers: [
        container('app', {
          resources: { limits: { memory: '64Mi' }, requests: { cpu: '10m', memory: '64Mi' } },
          env: [{ name: 'A', value: 'b' }],
          volumeMounts: [token],
        }),
      ],
      volumes: [tokenVolume],
      tolerations: [
        { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
      ],
    }),
    operations: [
      add('/spec/containers/0/resources/limits/enclos.dev~1software-sgx', '1'),
      add('/spec/containers/0/resources/requests/enclos.dev~1software-sgx', '1'),
      add('/spec/containers/0/env/-', platformVariable),
      add('/spec/containers/0/volumeMounts/-', rootsMount),
      add('/spec/volumes/-', rootsVolume),
      add('/spec/tolerations/-', tolerationOf('enclos.dev/software-sgx')),
    ],
  },
  {
    name: 'software, the variable, the roots and the toleration are there',
    pod: askingPod(software, {
      containers: [
        container('app', {
          env: [{ name: 'ENCLOS_PLATFORM', valueFrom: { fieldRef: { fieldPath: 'metadata.annotations' } } }],
          volumeMounts: [{ name: 'own', mountPath: '/etc/enclos/roots/' }],
        }),
      ],
      volumes: [{ name: 'own', emptyDir: {} }],
      tolerations: [{ operator: 'Exists' }],
    }),
    operations: devices('/spec/containers/0', softwareDevice),
  },
  {
    name: 'software, complete: nothing is left to do',
    pod: askingPod(software, {
      containers: [
        container('app', { resources: both(softwareDevice), env: [platformVariable], volumeMounts: [rootsMount] }),
      ],
      volumes: [rootsVolume],
      tolerations: [tolerationOf('enclos.dev/software-sgx')],
    }),
    operations: [],
  },
  {
    name: 'software, a volume of that name is there, and tolerations that do not suffice',
    pod: askingPod(software, {
      containers: [container('app')],
      volumes: [{ name: 'enclos-software-roots', emptyDir: {} }],
      tolerations: [
        { key: 'enclos.dev/software-sgx', operator: 'Equal', value: 'a', effect: 'NoSchedule' },
        { key: 'enclos.dev/software-sgx', value: 'a', effect: 'NoSchedule' },
        { key: 'enclos.dev/software-sgx', operator: 'Exists', effect: 'NoExecute' },
        { key: 'sgx.intel.com/epc', operator: 'Exists', effect: 'NoSchedule' },
      ],
    }),
    operations: [
      ...softwareAdditions('/spec/containers/0'),
      add('/spec/tolerations/-', tolerationOf('enclos.dev/software-sgx')),
    ],
  },
  {
    name: 'software, a limit without its request, and no annotation for the platform',
    pod: askingPod(
      {},
      {
        containers: [container('mesh'), container('app', { resources: { limits: { 'enclos.dev/software-sgx': 1 } } })],
      },
    ),
    operations: [
      add('/spec/containers/1/resources/requests', { 'enclos.dev/software-sgx': '1' }),
      add('/spec/containers/1/env', [platformVariable]),
      add('/spec/containers/1/volumeMounts', [rootsMount]),
      add('/spec/volumes', [rootsVolume]),
      softwareToleration,
    ],
  },
  {
    name: 'software, an init container that is named',
    pod: askingPod(
      { ...software, 'enclos.dev/containers': 'setup' },
      {
        initContainers: [container('first'), container('setup')],
        containers: [container('app')],
      },
    ),
    operations: [
      ...softwareAdditions('/spec/initContainers/1'),
      add('/spec/volumes', [rootsVolume]),
      softwareToleration,
    ],
  },
  {
    name: 'software, a sidecar and a container, both named',
    pod: askingPod(
      { ...software, 'enclos.dev/containers': 'app, vault' },
      {
        initContainers: [container('vault', { restartPolicy: 'Always' })],
        containers: [container('log'), container('app')],
      },
    ),
    operations: [
      ...softwareAdditions('/spec/initContainers/0'),
      ...softwareAdditions('/spec/containers/1'),
      add('/spec/volumes', [rootsVolume]),
      softwareToleration,
    ],
  },
  {
    name: 'software, a mesh put its own container first and marked the main one',
    pod: askingPod(
      { ...software, 'kubectl.kubernetes.io/default-container': 'app' },
      {
        containers: [container('istio-proxy'), container('app')],
      },
    ),
    operations: [...softwareAdditions('/spec/containers/1'), add('/spec/volumes', [rootsVolume]), softwareToleration],
  },
  {
    name: 'software, ephemeral containers stay as they are',
    pod: askingPod(software, {
      containers: [container('app')],
      ephemeralContainers: [{ name: 'debugger', image: 'registry.example/debug', targetContainerName: 'app' }],
    }),
    operations: [...softwareAdditions('/spec/containers/0'), add('/spec/volumes', [rootsVolume]), softwareToleration],
  },
  {
    name: 'sgx, EPC by annotation, no quotes',
    pod: askingPod(sgx10, { containers: [container('app')] }),
    operations: [...devices('/spec/containers/0', sgxDevices('10Mi')), sgxToleration],
  },
  {
    name: "sgx, the pod of Azure's page with its own mount of aesmd",
    pod: askingPod(
      { 'enclos.dev/quote-provider': 'aesmd' },
      {
        containers: [
          container('oe-helloworld', {
            resources: both({ 'sgx.intel.com/epc': '10Mi' }),
            volumeMounts: [{ name: 'var-run-aesmd', mountPath: '/var/run/aesmd' }],
          }),
        ],
        volumes: [{ name: 'var-run-aesmd', hostPath: { path: '/var/run/aesmd' } }],
      },
    ),
    operations: [
      add('/spec/containers/0/resources/limits/sgx.intel.com~1enclave', '1'),
      add('/spec/containers/0/resources/requests/sgx.intel.com~1enclave', '1'),
      add('/spec/containers/0/env', [aesmVariable]),
      sgxToleration,
    ],
  },
  {
    name: "sgx, aesmd of the node, by Intel's annotation",
    pod: askingPod({ ...sgx10, 'sgx.intel.com/quote-provider': 'aesmd' }, { containers: [container('app')] }),
    operations: [
      ...devices('/spec/containers/0', sgxDevices('10Mi')),
      add('/spec/containers/0/env', [aesmVariable]),
      add('/spec/containers/0/volumeMounts', [aesmMount]),
      add('/spec/volumes', [nodeAesm]),
      sgxToleration,
    ],
  },
  {
    name: 'sgx, aesmd as a container of the pod: no variable for itself',
    pod: askingPod(
      { 'enclos.dev/quote-provider': 'aesmd' },
      {
        containers: [
          container('aesmd', { resources: both({ 'sgx.intel.com/epc': '4Mi' }) }),
          container('app', { resources: both({ 'sgx.intel.com/epc': '10Mi' }) }),
        ],
      },
    ),
    operations: [
      ...['limits', 'requests'].flatMap((kind) => [
        add(`/spec/containers/0/resources/${kind}/sgx.intel.com~1enclave`, '1'),
        add(`/spec/containers/0/resources/${kind}/sgx.intel.com~1provision`, '1'),
      ]),
      add('/spec/containers/0/volumeMounts', [{ ...aesmMount, readOnly: false }]),
      add('/spec/containers/1/resources/limits/sgx.intel.com~1enclave', '1'),
      add('/spec/containers/1/resources/requests/sgx.intel.com~1enclave', '1'),
      add('/spec/containers/1/env', [aesmVariable]),
      add('/spec/containers/1/volumeMounts', [aesmMount]),
      add('/spec/volumes', [{ name: 'aesmd-socket', emptyDir: { medium: 'Memory' } }]),
      sgxToleration,
    ],
  },
  {
    name: 'sgx, aesmd as a sidecar that nobody named',
    pod: askingPod(
      { ...sgx10, 'enclos.dev/quote-provider': 'aesmd', 'enclos.dev/containers': 'app' },
      {
        initContainers: [container('aesmd', { restartPolicy: 'Always' })],
        containers: [container('app'), container('log')],
      },
    ),
    operations: [
      ...devices('/spec/initContainers/0', { ...sgxDevices('10Mi'), 'sgx.intel.com/provision': '1' }),
      add('/spec/initContainers/0/volumeMounts', [{ ...aesmMount, readOnly: false }]),
      ...devices('/spec/containers/0', sgxDevices('10Mi')),
      add('/spec/containers/0/env', [aesmVariable]),
      add('/spec/containers/0/volumeMounts', [aesmMount]),
      add('/spec/volumes', [{ name: 'aesmd-socket', emptyDir: { medium: 'Memory' } }]),
      sgxToleration,
    ],
  },
  {
    name: 'sgx, aesmd alone, which serves its node',
    pod: askingPod({ ...sgx10, 'enclos.dev/quote-provider': 'aesmd' }, { containers: [container('aesmd')] }),
    operations: [
      ...devices('/spec/containers/0', { ...sgxDevices('10Mi'), 'sgx.intel.com/provision': '1' }),
      add('/spec/containers/0/volumeMounts', [{ ...aesmMount, readOnly: false }]),
      add('/spec/volumes', [{ name: 'aesmd-socket', hostPath: { path: '/var/run/aesmd', type: 'DirectoryOrCreate' } }]),
      sgxToleration,
    ],
  },
  {
    name: 'sgx, a container makes its quotes itself',
    pod: askingPod({ ...sgx10, 'enclos.dev/quote-provider': 'app' }, { containers: [container('app')] }),
    operations: [
      ...devices('/spec/containers/0', { ...sgxDevices('10Mi'), 'sgx.intel.com/provision': '1' }),
      sgxToleration,
    ],
  },
  {
    name: "sgx, Azure's oldest spelling, as a number",
    pod: askingPod(
      {},
      {
        containers: [container('app', { resources: { limits: { 'kubernetes.azure.com/sgx_epc_mem_in_MiB': 10 } } })],
      },
    ),
    operations: [
      { op: 'remove', path: '/spec/containers/0/resources/limits/kubernetes.azure.com~1sgx_epc_mem_in_MiB' },
      add('/spec/containers/0/resources/limits/sgx.intel.com~1epc', '10Mi'),
      add('/spec/containers/0/resources/limits/sgx.intel.com~1enclave', '1'),
      add('/spec/containers/0/resources/requests', sgxDevices('10Mi')),
      sgxToleration,
    ],
  },
  {
    name: "sgx, Azure's second spelling in an init container, beside the current one",
    pod: askingPod(
      {},
      {
        initContainers: [
          container('setup', {
            resources: both({ 'sgx.intel.com/sgx_epc_mem_in_MiB': '5', 'sgx.intel.com/epc': '6Mi', cpu: '1' }),
          }),
        ],
        containers: [container('app')],
      },
    ),
    operations: [
      { op: 'remove', path: '/spec/initContainers/0/resources/limits/sgx.intel.com~1sgx_epc_mem_in_MiB' },
      { op: 'remove', path: '/spec/initContainers/0/resources/requests/sgx.intel.com~1sgx_epc_mem_in_MiB' },
      add('/spec/initContainers/0/resources/limits/sgx.intel.com~1enclave', '1'),
      add('/spec/initContainers/0/resources/requests/sgx.intel.com~1enclave', '1'),
      sgxToleration,
    ],
  },
  {
    name: 'sgx, members that are null are as absent',
    pod: askingPod(sgx10, {
      initContainers: null,
      containers: [container('app', { resources: { limits: null }, env: null, volumeMounts: null })],
      volumes: null,
      tolerations: null,
    }),
    operations: [...devices('/spec/containers/0', sgxDevices('10Mi')), sgxToleration],
  },
];

/** Pods that did not ask, whatever else they look like: never a patch and never a warning. */
export const otherPods: Readonly<Record<string, JsonObject>> = {
  'without labels': { metadata: { name: 'a' }, spec: { containers: [container('app')] } },
  'without resources and metadata': { spec: { containers: [{ name: 'app', image: 'a' }] } },
  'with EPC but without the label': {
    metadata: { annotations: sgx10 },
    spec: { containers: [container('app', { resources: both({ 'sgx.intel.com/epc': '10Mi' }) })] },
  },
  'with the label disabled': {
    metadata: { labels: { 'enclos.dev/inject': 'disabled' }, annotations: software },
    spec: { containers: [container('app')] },
  },
  'static: a mirror that the kubelet shows': {
    metadata: {
      labels: { 'enclos.dev/inject': 'enabled' },
      annotations: { ...software, 'kubernetes.io/config.mirror': 'abc' },
    },
    spec: { containers: [container('app')] },
  },
  'with labels that are none': { metadata: { labels: ['enclos.dev/inject'] }, spec: { containers: 7 } },
};
