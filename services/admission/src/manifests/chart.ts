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
import { webhookFiles, webhookObjects } from './files.ts';
import { networkPattern, type ManifestOptions } from './options.ts';

/** Lines of PEM: letters of base64 and of its armour. */
const pem = '^-----[A-Z]+ [A-Za-z0-9+/=\\n -]+$';

/** Values of the chart. Each is an option of `enclos-admission manifests`, too. */
const settings = {
  ...placeSettings('enclos-admission'),
  replicas: { kind: 'count', fallback: 2, least: 1, most: 100, summary: 'How many pods answer' },
  apiServerNetworks: {
    kind: 'list',
    pattern: networkPattern,
    summary: 'Networks that reviews may come from; from anywhere when there is neither one nor an agent',
  },
  apiServerAgentLabel: {
    kind: 'optional',
    pattern: '^[A-Za-z0-9./-]{1,253}$',
    summary: 'Name of a label of the pods in kube-system through which API servers reach into the cluster',
  },
  apiServerAgentValue: { kind: 'optional', pattern: '^[A-Za-z0-9_.-]{1,63}$', summary: 'Value of this label' },
  certManager: {
    kind: 'flag',
    fallback: false,
    summary: 'Have cert-manager make the authority, the certificate and the Secret, and fill in caBundle',
  },
  caBundle: {
    kind: 'optional',
    pattern: pem,
    summary:
      'PEM of the authorities that API servers accept (`ca-bundle.crt` of `certificates`); not needed with certManager',
  },
  secret: {
    kind: 'text',
    fallback: '',
    whenEmpty: '.Values.name',
    pattern: serviceNamePattern,
    summary:
      'The Secret with tls.crt and tls.key, which something else makes; empty for one with the name of the objects',
  },
  clientCa: {
    kind: 'optional',
    pattern: pem,
    summary: 'PEM of authorities: only API servers with a certificate of theirs are answered',
  },
  monitoring: monitoringSetting,
  monitoringNamespace: { kind: 'optional', pattern: serviceNamePattern, summary: 'The namespace of Prometheus' },
} as const satisfies Settings;

function optionsOf(values: SettingValues<typeof settings>): ManifestOptions {
  const { image, name, namespace, replicas, apiServerNetworks, monitoringNamespace, caBundle, clientCa } = values;
  const { apiServerAgentLabel: key, apiServerAgentValue: value } = values;
  return {
    image,
    name,
    namespace,
    replicas,
    apiServerNetworks,
    secretName: values.secret === '' ? name : values.secret,
    hasCertManager: values.certManager,
    hasMonitoring: values.monitoring,
    ...(caBundle === undefined ? {} : { caBundle }),
    ...(clientCa === undefined ? {} : { clientCa }),
    ...(key === undefined || value === undefined ? {} : { apiServerAgent: { key, value } }),
    ...(monitoringNamespace === undefined ? {} : { monitoringNamespace }),
  };
}

export const webhookChart: ChartSource<typeof settings> = {
  name: 'enclos-admission',
  version: '0.1.0',
  description: 'The admission webhook of Enclos: gives pods that ask for enclaves what they need.',
  kubeVersion: '>=1.30.0-0',
  settings,
  objects: (values) => objectsInPlace(webhookObjects(optionsOf(values)), values),
  introduction: introductionOf('manifests'),
};

/** The chart, and the base of kustomize that is the same: what the folders of this service hold. */
export function generatedFiles(): { readonly chart: readonly ManifestFile[]; readonly base: readonly ManifestFile[] } {
  const values = fallbacks(settings);
  const image = `registry.example/enclos-admission@sha256:${'0'.repeat(64)}`;
  return {
    chart: chartFiles(webhookChart),
    base: webhookFiles(optionsOf({ ...values, namespace: values.name, image })),
  };
}
