import {
  chartFiles,
  fallbacks,
  introductionOf,
  monitoringSetting,
  objectsInPlace,
  placeSettings,
  type ChartSource,
  type SettingValues,
  type Settings,
} from '@enclos/charts';
import { serviceNamePattern, type ManifestFile } from '@enclos/kubernetes/manifests';
import { maxDraDevices } from '../dra/driver.ts';
import { maxDevices } from '../limits.ts';
import { agentFiles, agentObjects } from './files.ts';
import { architectures, type ManifestOptions } from './options.ts';

/** Values of the chart. Each is an option of `enclos-node-agent manifests`, too. */
const settings = {
  ...placeSettings('enclos-node-agent'),
  devices: {
    kind: 'count',
    fallback: 20,
    least: 0,
    most: maxDevices,
    summary: 'Software devices of each node, one for each container; 0 for none',
  },
  claims: {
    kind: 'count',
    fallback: 0,
    least: 0,
    most: maxDraDevices,
    summary:
      'Further software devices of each node, for resource claims; needs Kubernetes 1.34, and not without devices',
  },
  ownVendor: { kind: 'flag', fallback: false, summary: 'Make and certify the machine of a node that has none' },
  collateralConfigMap: {
    kind: 'optional',
    pattern: serviceNamePattern,
    summary:
      'A config map with the collateral of a vendor elsewhere, in the namespace of the agent; not with ownVendor',
  },
  collateralUrl: {
    kind: 'optional',
    pattern: '^https?://[A-Za-z0-9._~:/?@!$&()*+,;=%-]+$',
    summary: 'An address of this collateral, where there is no config map',
  },
  amd64: { kind: 'flag', fallback: true, summary: 'The image is for nodes of this architecture' },
  arm64: { kind: 'flag', fallback: false, summary: 'The image is for nodes of this architecture' },
  cgroups: { kind: 'flag', fallback: true, summary: 'Count enclaves with their pods, and not with the agent' },
  nsenter: {
    kind: 'flag',
    fallback: true,
    summary: 'Start in the cgroup namespace of the node, which needs SYS_PTRACE; only nodes with `nsdelegate` need it',
  },
  hardware: { kind: 'flag', fallback: true, summary: 'Give pods SGX hardware, too' },
  devicePolicy: {
    kind: 'flag',
    fallback: true,
    summary: 'A policy of the cluster refuses more than one software device in a container',
  },
  allowMissingIsolation: {
    kind: 'flag',
    fallback: false,
    summary: 'Give devices on nodes that cannot give enclaves every layer of isolation',
  },
  report: {
    kind: 'flag',
    fallback: false,
    summary: 'Tell the cluster of devices: events of nodes and pods, a condition and a label of each node',
  },
  monitoring: monitoringSetting,
} as const satisfies Settings;

function optionsOf(values: SettingValues<typeof settings>): ManifestOptions {
  const { image, name, namespace, devices, claims, ownVendor, cgroups, nsenter, hardware, monitoring } = values;
  return {
    image,
    name,
    namespace,
    architectures: architectures.filter((each) => values[each]),
    devices,
    // Not without devices, so that the conditions of templates stay short.
    claims: devices > 0 ? claims : 0,
    isOwnVendor: ownVendor,
    collateral: collateralOf(values),
    hasCgroups: cgroups,
    entersNode: nsenter,
    hasHardware: hardware,
    hasDevicePolicy: values.devicePolicy,
    allowsMissingIsolation: values.allowMissingIsolation,
    report: values.report ? { events: true, podEvents: true, condition: true, label: true } : undefined,
    hasMonitoring: monitoring,
  };
}

function collateralOf(values: SettingValues<typeof settings>): ManifestOptions['collateral'] {
  const { collateralConfigMap: configMap, collateralUrl: url } = values;
  if (configMap !== undefined) return { configMap };
  return url === undefined ? undefined : { url };
}

export const agentChart: ChartSource<typeof settings> = {
  name: 'enclos-node-agent',
  version: '0.1.0',
  description: 'SGX devices, software and hardware, for the pods of every Linux node.',
  kubeVersion: '>=1.30.0-0',
  settings,
  exclusions: [
    ['ownVendor', ['collateralConfigMap', 'collateralUrl']],
    ['collateralConfigMap', ['collateralUrl']],
  ],
  objects: (values) => objectsInPlace(agentObjects(optionsOf(values)), values),
  introduction: introductionOf('deploy'),
};

/** The chart, and the base of kustomize that is the same: what the folders of this service hold. */
export function generatedFiles(): { readonly chart: readonly ManifestFile[]; readonly base: readonly ManifestFile[] } {
  const values = fallbacks(settings);
  const image = `registry.example/enclos-node-agent@sha256:${'0'.repeat(64)}`;
  // What a trial needs: nodes without a vendor.
  const options = optionsOf({ ...values, namespace: values.name, image, ownVendor: true });
  return { chart: chartFiles(agentChart), base: agentFiles(options) };
}
