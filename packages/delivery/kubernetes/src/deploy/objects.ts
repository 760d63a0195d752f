import type {
  V1ConfigMap,
  V1Deployment,
  V1Job,
  V1NetworkPolicy,
  V1PodDisruptionBudget,
  V1Service,
  V1ServiceAccount,
  V1StatefulSet,
  V2HorizontalPodAutoscaler,
} from '../schema/objects.ts';
import { autoscalerSpec } from './autoscaling.ts';
import { storedQuantity } from './epc.ts';
import { networkPolicy } from './network.ts';
import {
  compact,
  type CompleteSettings,
  isOwnClaim,
  labelsOf,
  listOrNothing,
  mostPods,
  podTemplate,
  recordOrNothing,
  rootsConfigMap,
  selectorOf,
} from './pod.ts';
import type { Profile } from './profile.ts';

export type KubernetesObject =
  | V1ConfigMap
  | V1Deployment
  | V1Job
  | V1NetworkPolicy
  | V1PodDisruptionBudget
  | V1Service
  | V1ServiceAccount
  | V1StatefulSet
  | V2HorizontalPodAutoscaler;

/** Roots of software platforms, checked. */
export interface CheckedRoots {
  readonly fingerprints: readonly string[];
  readonly pem?: string;
}

/** All objects of a deployment, in the order in which a cluster should see them. */
export function objectsOf(
  settings: CompleteSettings,
  profile: Profile,
  roots: CheckedRoots | undefined,
): readonly KubernetesObject[] {
  const workload = workloadOf(settings, profile);
  const config = roots === undefined ? [] : [rootsOf(settings, roots)];
  if (!profile.isCluster) return [...config, workload];
  const budget = budgetOf(settings);
  return [
    serviceAccountOf(settings),
    ...config,
    networkPolicy(settings),
    ...servicesOf(settings),
    ...(budget === undefined ? [] : [budget]),
    workload,
    ...autoscalersOf(settings),
  ].map((object) => placed(object, settings.namespace));
}

function placed<T extends KubernetesObject>(object: T, namespace: string | undefined): T {
  if (namespace === undefined) return object;
  const { name, ...metadata } = object.metadata;
  return { ...object, metadata: { ...(name === undefined ? {} : { name }), namespace, ...metadata } };
}

function workloadOf(settings: CompleteSettings, profile: Profile): V1Deployment | V1Job | V1StatefulSet {
  const { name, kind } = settings;
  // A number here would be set again each time that the manifests are applied.
  const replicas = settings.autoscaling === undefined || !profile.isCluster ? settings.replicas : undefined;
  const metadata = { name, labels: labelsOf(settings) };
  const template = podTemplate(settings, profile);
  const selector = { matchLabels: selectorOf(settings) };
  switch (kind) {
    case 'Job':
      return { apiVersion: 'batch/v1', kind, metadata, spec: jobSpec(settings, profile, template) };
    case 'Deployment': {
      const strategy = profile.isCluster && ownsClaim(settings) ? { type: 'Recreate' } : undefined;
      return { apiVersion: 'apps/v1', kind, metadata, spec: compact({ replicas, strategy, selector, template }) };
    }
    case 'StatefulSet': {
      const volumeClaimTemplates = listOrNothing(claimsOf(settings));
      return {
        apiVersion: 'apps/v1',
        kind,
        metadata,
        spec: compact({ replicas, serviceName: name, selector, template, volumeClaimTemplates }),
      };
    }
  }
}

/**
 * A single pod has a volume to itself. By default the next pod would have to be ready before the old one ends, and what
 * locks its files never is.
 */
function ownsClaim(settings: CompleteSettings): boolean {
  const { volumes = [] } = settings;
  return mostPods(settings) === 1 && volumes.some(({ type }) => type === 'persistent');
}

/**
 * A program that fails is not run again, unless the settings say so. A pod in which no program has run is another matter: a
 * kubelet refuses those that it meets while the node's agent is away, as after a reboot. These are made again, six times.
 */
function retriesOf({ job = {} }: CompleteSettings, { isCluster }: Profile): Partial<NonNullable<V1Job['spec']>> {
  if (job.backoffLimit !== undefined || !isCluster) return { backoffLimit: job.backoffLimit ?? 0 };
  const podFailurePolicy = { rules: [{ action: 'FailJob', onExitCodes: { operator: 'NotIn', values: [0] } }] };
  return { backoffLimit: 6, podReplacementPolicy: 'Failed', podFailurePolicy };
}

function jobSpec(
  settings: CompleteSettings,
  profile: Profile,
  template: V1Job['spec'] extends (infer S) | undefined
    ? S extends { readonly template: infer T }
      ? T
      : never
    : never,
): NonNullable<V1Job['spec']> {
  const { job = {}, replicas } = settings;
  return compact<NonNullable<V1Job['spec']>>({
    ...retriesOf(settings, profile),
    parallelism: replicas === 1 ? undefined : replicas,
    completions: replicas === 1 ? undefined : replicas,
    activeDeadlineSeconds: job.deadlineSeconds,
    ttlSecondsAfterFinished: job.keepSeconds,
    template,
  });
}

type Claim = NonNullable<NonNullable<V1StatefulSet['spec']>['volumeClaimTemplates']>[number];

function claimsOf({ kind, volumes = [] }: CompleteSettings): readonly Claim[] {
  return volumes
    .filter((volume) => isOwnClaim(volume, kind))
    .map(({ name, size }) => ({
      metadata: { name },
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: storedQuantity(size ?? '1Gi', -3) } },
      },
    }));
}

function serviceAccountOf(settings: CompleteSettings): V1ServiceAccount {
  const { name, serviceAccountAnnotations = {} } = settings;
  const annotations = recordOrNothing(serviceAccountAnnotations);
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, labels: labelsOf(settings), ...(annotations === undefined ? {} : { annotations }) },
    automountServiceAccountToken: false,
  };
}

/** A StatefulSet also has a headless Service, which names its pods. */
function servicesOf(settings: CompleteSettings): readonly V1Service[] {
  const { name, kind, listen, service = { type: 'ClusterIP' } } = settings;
  const spec = {
    selector: selectorOf(settings),
    ...(listen.length === 0
      ? {}
      : { ports: listen.map((one) => ({ name: one.name, protocol: 'TCP', port: one.port, targetPort: one.name })) }),
  };
  const serviceNamed = (serviceName: string, more: NonNullable<V1Service['spec']>): V1Service => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: compact({
      name: serviceName,
      labels: labelsOf(settings),
      annotations: more.clusterIP === 'None' ? undefined : recordOrNothing(service.annotations ?? {}),
    }),
    spec: { ...more, ...spec },
  });
  const headless = kind === 'StatefulSet' ? [serviceNamed(name, { clusterIP: 'None' })] : [];
  if (listen.length === 0) return headless;
  if (kind !== 'StatefulSet') {
    const pods = service.headless === true ? [serviceNamed(`${name}-pods`, { clusterIP: 'None' })] : [];
    return [serviceNamed(name, { type: service.type }), ...pods];
  }
  return service.type === 'ClusterIP'
    ? headless
    : [...headless, serviceNamed(`${name}-public`, { type: service.type })];
}

function budgetOf(settings: CompleteSettings): V1PodDisruptionBudget | undefined {
  const { name, kind, maxUnavailable = 1 } = settings;
  if (kind === 'Job' || mostPods(settings) < 2) return undefined;
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name, labels: labelsOf(settings) },
    spec: { maxUnavailable, selector: { matchLabels: selectorOf(settings) } },
  };
}

function autoscalersOf(settings: CompleteSettings): readonly V2HorizontalPodAutoscaler[] {
  const { autoscaling, name } = settings;
  if (autoscaling === undefined) return [];
  const metadata = { name, labels: labelsOf(settings) };
  const spec = autoscalerSpec({ ...settings, autoscaling });
  return [{ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata, spec }];
}

/** Roots are pinned here and nowhere else: a pod that verifies never trusts what it meets first. */
function rootsOf(settings: CompleteSettings, { fingerprints, pem }: CheckedRoots): V1ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: rootsConfigMap,
      labels: { 'app.kubernetes.io/managed-by': labelsOf(settings)['app.kubernetes.io/managed-by'] ?? '' },
    },
    data: { fingerprints: `${fingerprints.join('\n')}\n`, ...(pem === undefined ? {} : { 'roots.pem': pem }) },
  };
}
