import fc from 'fast-check';
import type { JsonObject, JsonValue } from '@enclos/codec/json';

const names = ['app', 'aesmd', 'log', 'setup', 'istio-proxy'];
/** One more often than others: a pod with more software devices than a container can have is left as it is. */
const quantity = fc.constantFrom<JsonValue>('1', '1', 1, 1, '10Mi', 5, '5', 'x', null);

const resourceList = fc.dictionary(
  fc.constantFrom(
    'cpu',
    'memory',
    'enclos.dev/software-sgx',
    'sgx.intel.com/epc',
    'sgx.intel.com/enclave',
    'sgx.intel.com/provision',
    'kubernetes.azure.com/sgx_epc_mem_in_MiB',
    'sgx.intel.com/sgx_epc_mem_in_MiB',
    'example.org/a~b',
  ),
  quantity,
  { maxKeys: 4, noNullPrototype: true },
);

/** Sometimes there, sometimes not, sometimes null. */
const maybe = (value: fc.Arbitrary<JsonValue>): fc.Arbitrary<JsonValue | undefined> =>
  fc.oneof({ weight: 3, arbitrary: value }, { weight: 2, arbitrary: fc.constant(undefined) }, fc.constant(null));

const withoutUndefined = (value: Readonly<Record<string, JsonValue | undefined>>): JsonObject =>
  Object.fromEntries(Object.entries(value).flatMap(([name, inner]) => (inner === undefined ? [] : [[name, inner]])));

const record = (model: Readonly<Record<string, fc.Arbitrary<JsonValue | undefined>>>): fc.Arbitrary<JsonObject> =>
  fc.record(model).map(withoutUndefined);

const environment = fc.uniqueArray(
  record({ name: fc.constantFrom('A', 'ENCLOS_PLATFORM', 'SGX_AESM_ADDR'), value: maybe(fc.constant('own')) }),
  { selector: ({ name }) => name, maxLength: 3 },
);

const mounts = fc.uniqueArray(
  record({
    name: fc.constantFrom('own', 'aesmd-socket', 'enclos-software-roots'),
    mountPath: fc.constantFrom('/var/run/aesmd', '/etc/enclos/roots', '/data', '/var/run'),
  }),
  { selector: ({ mountPath }) => mountPath, maxLength: 3 },
);

const container = (name: string): fc.Arbitrary<JsonObject> =>
  record({
    name: fc.constant(name),
    image: fc.constant('registry.example/app'),
    resources: maybe(
      record({ limits: maybe(resourceList), requests: maybe(resourceList), claims: maybe(fc.constant([])) }),
    ),
    env: maybe(environment),
    volumeMounts: maybe(mounts),
    restartPolicy: maybe(fc.constant('Always')),
  });

const toleration = record({
  key: maybe(fc.constantFrom('sgx.intel.com/epc', 'enclos.dev/software-sgx', 'other')),
  operator: maybe(fc.constantFrom('Exists', 'Equal')),
  effect: maybe(fc.constantFrom('NoSchedule', 'NoExecute', '')),
});

const volume = record({
  name: fc.constantFrom('own', 'aesmd-socket', 'enclos-software-roots'),
  emptyDir: fc.constant({}),
});

const annotations = record({
  'enclos.dev/platform': fc.constantFrom('software', 'sgx', 'sgx', undefined),
  'enclos.dev/epc': fc.constantFrom('10Mi', '4096', undefined),
  'enclos.dev/quote-provider': fc.constantFrom('aesmd', 'app', undefined, undefined),
  'enclos.dev/containers': fc.constantFrom(undefined, undefined, 'app', 'app,setup'),
  'sgx.intel.com/quote-provider': fc.constantFrom(undefined, undefined, 'aesmd'),
  'kubectl.kubernetes.io/default-container': fc.constantFrom('app', undefined),
});

/** Pods of which most ask, of all shapes that the API server lets through and some that it does not. */
export const anyPod: fc.Arbitrary<JsonObject> = fc
  .record({
    order: fc.shuffledSubarray(names, { minLength: 1, maxLength: 4 }),
    initial: fc.nat(2),
    label: fc.constantFrom('enabled', 'enabled', 'enabled', 'disabled'),
    annotations,
    volumes: maybe(fc.uniqueArray(volume, { selector: ({ name }) => name, maxLength: 3 })),
    tolerations: maybe(fc.array(toleration, { maxLength: 3 })),
  })
  .chain(({ order, initial, label, annotations: notes, volumes, tolerations }) => {
    const split = Math.min(initial, order.length - 1);
    return fc
      .tuple(fc.tuple(...order.slice(0, split).map(container)), fc.tuple(...order.slice(split).map(container)))
      .map(([initContainers, containers]) => ({
        metadata: { labels: { 'enclos.dev/inject': label }, annotations: notes },
        spec: withoutUndefined({ initContainers, containers, volumes, tolerations }),
      }));
  });
