import { isEnclosError } from '@enclos/errors';
import { changesOf, parseDeploySettings, planDeployment, renderDeployment } from '../src/index.ts';

const image = `registry.example/app@sha256:${'a1'.repeat(32)}`;
const seed = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

export const seeds: readonly Uint8Array[] = [
  seed({ name: 'app', image }),
  seed({
    name: 'app',
    image,
    profile: 'sgx',
    kind: 'StatefulSet',
    replicas: 3,
    resources: { 'kubernetes.azure.com/sgx_epc_mem_in_MiB': 10, cpu: 1 },
    listen: [{ name: 'https', port: 8443, from: [{ podLabels: { app: 'client' } }] }],
    connect: [{ name: 'db', host: 'db.example', port: 5432, to: [{ cidr: '10.0.0.0/8' }] }],
    volumes: [{ name: 'data', target: '/data', type: 'persistent', size: '1Gi' }],
    probes: { liveness: { tcp: 'https' } },
    softwareRoots: { fingerprints: ['ab'.repeat(32)] },
  }),
];

/** Whatever deploy.json holds: manifests, or an error with a code. */
export function fuzz(data: Uint8Array): void {
  try {
    const plan = planDeployment({ settings: parseDeploySettings(new TextDecoder().decode(data)) });
    for (const format of ['yaml', 'kustomize'] as const) changesOf(renderDeployment(plan, format), new Map());
  } catch (error) {
    if (!isEnclosError(error)) throw error;
  }
}
