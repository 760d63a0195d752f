import { chartFiles, fallbacks, type ChartSource, type SettingValues, type Settings } from '@enclos/kubernetes/chart';
import type { ManifestFile } from '@enclos/kubernetes/manifests';
import { agentFiles, agentObjects } from './files.ts';
import type { ManifestOptions } from './options.ts';

const label = '^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$';

/** Values of the chart. Each is an option of `enclos-node-agent manifests`, too. */
const settings = {
  image: {
    kind: 'text',
    fallback: '',
    pattern: '^[A-Za-z0-9_./:-]{1,512}@sha256:[0-9a-f]{64}$',
    summary: 'The image, named with its digest: NAME@sha256:HEX',
  },
  name: { kind: 'text', fallback: 'enclos-node-agent', pattern: label, summary: 'Name of every object' },
  namespace: {
    kind: 'text',
    fallback: '',
    whenEmpty: '.Release.Namespace',
    pattern: label,
    summary: 'Namespace of the objects; empty for that of the release',
  },
  createNamespace: {
    kind: 'flag',
    fallback: false,
    summary: 'Make the namespace, with its level of Pod Security. It must be another one than that of the release',
  },
  devices: {
    kind: 'count',
    fallback: 20,
    least: 0,
    most: 1024,
    summary: 'Software devices of each node, one for each container; 0 for none',
  },
  ownVendor: { kind: 'flag', fallback: false, summary: 'Make and certify the machine of a node that has none' },
  cgroups: { kind: 'flag', fallback: true, summary: 'Count enclaves with their pods, and not with the agent' },
  hardware: { kind: 'flag', fallback: true, summary: 'Give pods SGX hardware, too' },
} as const satisfies Settings;

function optionsOf({ cgroups, hardware, ownVendor, ...values }: SettingValues<typeof settings>): ManifestOptions {
  const hasSoftware = values.devices > 0;
  const { image, name, namespace, devices } = values;
  return {
    image,
    name,
    namespace,
    devices,
    isOwnVendor: ownVendor && hasSoftware,
    hasCgroups: cgroups && hasSoftware,
    hasHardware: hardware,
  };
}

export const agentChart: ChartSource<typeof settings> = {
  name: 'enclos-node-agent',
  version: '0.1.0',
  description: 'SGX devices, software and hardware, for the pods of every Linux node.',
  kubeVersion: '>=1.30.0-0',
  settings,
  objects: ({ createNamespace, ...values }) =>
    agentObjects(optionsOf({ createNamespace, ...values })).filter(
      ([, { kind }]) => createNamespace || kind !== 'Namespace',
    ),
  introduction:
    'Written by `node tools/docs.mjs --write` from [the typed objects](../src/manifests) that the base of kustomize in ' +
    '[`deploy`](../deploy) is written from, too. [How to install it](../../../docs/how-to/install-with-helm-or-kustomize.md).',
};

/** The chart, and the base of kustomize that is the same: what the folders of this service hold. */
export function generatedFiles(): { readonly chart: readonly ManifestFile[]; readonly base: readonly ManifestFile[] } {
  const values = fallbacks(settings);
  const image = `registry.example/enclos-node-agent@sha256:${'0'.repeat(64)}`;
  const options = optionsOf({ ...values, namespace: values.name, image });
  return { chart: chartFiles(agentChart), base: agentFiles(options) };
}
