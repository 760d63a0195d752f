import type {
  V1ConfigMap,
  V1Container,
  V1Deployment,
  V1PodDisruptionBudget,
  V1PodSpec,
  V1Secret,
  V1Service,
  V1ServiceAccount,
} from '@enclos/kubernetes/objects';
import { labelsOf, ports, type ManifestOptions } from './options.ts';

type KeyPair = NonNullable<ManifestOptions['keyPair']>;

const certificates = '/etc/enclos/certificates';
const clients = '/etc/enclos/clients';

/** It has no role, and its token is not mounted: the webhook never speaks to the API server. */
export function serviceAccount(options: ManifestOptions): V1ServiceAccount {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: named(options), automountServiceAccountToken: false };
}

export function service(options: ManifestOptions): V1Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: named(options),
    spec: {
      selector: labelsOf(options),
      ports: [{ name: 'webhook', port: 443, targetPort: 'webhook', protocol: 'TCP' }],
    },
  };
}

/** The serving certificate and its key. The key of the authority stays where it was made. */
export function certificateSecret(options: ManifestOptions, keyPair: KeyPair): V1Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...named(options), name: options.secretName },
    type: 'kubernetes.io/tls',
    // Not `stringData`, which only goes in: what comes out would differ from the file at each apply.
    data: { 'tls.crt': base64(keyPair.cert), 'tls.key': base64(keyPair.key) },
  };
}

/** Authorities of clients. They are public. */
export function clientAuthorities(options: ManifestOptions, clientCa: string): V1ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { ...named(options), name: clientAuthoritiesName(options) },
    data: { 'ca.crt': clientCa },
  };
}

function clientAuthoritiesName({ name }: ManifestOptions): string {
  return `${name}-client-authorities`;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

export function disruptionBudget(options: ManifestOptions): V1PodDisruptionBudget {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: named(options),
    spec: { maxUnavailable: 1, selector: { matchLabels: labelsOf(options) } },
  };
}

export function deployment(options: ManifestOptions): V1Deployment {
  const labels = labelsOf(options);
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: named(options),
    spec: {
      replicas: options.replicas,
      selector: { matchLabels: labels },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: { metadata: { labels }, spec: podSpec(options) },
    },
  };
}

function podSpec(options: ManifestOptions): V1PodSpec {
  return {
    serviceAccountName: options.name,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    // 5 seconds to drain and 10 to finish, as `serve` has them.
    terminationGracePeriodSeconds: 20,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 65532,
      runAsGroup: 65532,
      // This group may read the key in the Secret below.
      fsGroup: 65532,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: labelsOf(options) },
      },
    ],
    containers: [container(options)],
    volumes: [
      { name: 'certificates', secret: { secretName: options.secretName, defaultMode: 0o440 } },
      ...(options.clientCa === undefined
        ? []
        : [{ name: 'clients', configMap: { name: clientAuthoritiesName(options) } }]),
    ],
  };
}

function container({ image, clientCa }: ManifestOptions): V1Container {
  const probe = (path: string) => ({ httpGet: { path, port: 'health' }, timeoutSeconds: 2 });
  return {
    name: 'webhook',
    image,
    args: [
      'serve',
      '--certificate',
      `${certificates}/tls.crt`,
      '--key',
      `${certificates}/tls.key`,
      '--port',
      String(ports.webhook),
      '--health-port',
      String(ports.health),
      ...(clientCa === undefined ? [] : [`--client-ca=${clients}/ca.crt`]),
    ],
    // Below the limit, so that garbage is collected before the kernel ends the process.
    env: [{ name: 'NODE_OPTIONS', value: '--max-old-space-size=128' }],
    ports: [
      { name: 'webhook', containerPort: ports.webhook, protocol: 'TCP' },
      { name: 'health', containerPort: ports.health, protocol: 'TCP' },
    ],
    readinessProbe: { ...probe('/readyz'), periodSeconds: 5 },
    livenessProbe: { ...probe('/healthz'), periodSeconds: 10, failureThreshold: 3 },
    resources: { requests: { cpu: '20m', memory: '64Mi' }, limits: { memory: '256Mi' } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [
      { name: 'certificates', mountPath: certificates, readOnly: true },
      ...(clientCa === undefined ? [] : [{ name: 'clients', mountPath: clients, readOnly: true }]),
    ],
  };
}

function named(options: ManifestOptions): { name: string; namespace: string; labels: Record<string, string> } {
  return { name: options.name, namespace: options.namespace, labels: labelsOf(options) };
}
