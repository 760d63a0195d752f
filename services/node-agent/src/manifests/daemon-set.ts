import type { V1Container, V1DaemonSet, V1PodSpec } from '@enclos/kubernetes/objects';
import { mountsOf, volumesOf } from './host-folders.ts';
import { collateralFolder, hasAccess, hasSoftware, labelsOf, metricsPort, type ManifestOptions } from './options.ts';
import { commandOf, processesOf, securityContextOf } from './privileges.ts';

export function daemonSet(options: ManifestOptions): V1DaemonSet {
  const labels = labelsOf(options);
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: options.name, namespace: options.namespace, labels },
    spec: {
      selector: { matchLabels: labels },
      // An agent that is replaced ends the enclaves of its node: one node after the other.
      // The next agent is started, and stands by, before the present one is ended: see `takeSeat`.
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: { metadata: { labels }, spec: podSpec(options) },
    },
  };
}

function podSpec(options: ManifestOptions): V1PodSpec {
  const term = { matchExpressions: [{ key: 'kubernetes.io/arch', operator: 'In', values: options.architectures }] };
  return {
    ...(hasAccess(options) ? { serviceAccountName: options.name } : {}),
    automountServiceAccountToken: hasAccess(options),
    // The last to be evicted: without the agent no enclave of the node lives.
    priorityClassName: 'system-node-critical',
    ...processesOf(options),
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } } },
    tolerations: [{ operator: 'Exists' }],
    terminationGracePeriodSeconds: 30,
    containers: [container(options)],
    volumes: volumesOf(options),
  };
}

function container(options: ManifestOptions): V1Container {
  return {
    name: 'agent',
    image: options.image,
    command: commandOf(options),
    args: argumentsOf(options),
    ...(hasAccess(options)
      ? { env: [{ name: 'NODE_NAME', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'spec.nodeName' } } }] }
      : {}),
    ports: [{ name: 'metrics', containerPort: metricsPort, protocol: 'TCP' }],
    livenessProbe: {
      httpGet: { path: '/healthz', port: 'metrics' },
      initialDelaySeconds: 30,
      periodSeconds: 30,
    },
    readinessProbe: { httpGet: { path: '/readyz', port: 'metrics' }, periodSeconds: 10 },
    resources: {
      requests: { cpu: '50m', memory: '128Mi' },
      // Two images for each device, a message for each connection, and the agent itself: pods cannot fill it.
      limits: { memory: hasSoftware(options) ? '1536Mi' : '256Mi' },
    },
    securityContext: securityContextOf(options),
    volumeMounts: mountsOf(options),
  };
}

function argumentsOf(options: ManifestOptions): string[] {
  const { devices, claims, isOwnVendor, collateral, hasCgroups, hasHardware, report } = options;
  return [
    ...(hasSoftware(options) ? ['--state=/var/lib/enclos'] : []),
    ...(isOwnVendor ? ['--own-vendor'] : []),
    ...(collateral === undefined ? [] : [`--collateral=${'url' in collateral ? collateral.url : collateralFolder}`]),
    `--devices=${devices}`,
    ...(claims > 0 ? [`--dra=${claims}`] : []),
    ...(hasSoftware(options) ? [hasCgroups ? '--cgroup-root=/host/cgroup' : '--no-cgroup'] : []),
    ...(options.allowsMissingIsolation === true ? ['--allow-missing-isolation'] : []),
    ...(hasHardware ? [] : ['--no-hardware']),
    ...(hasAccess(options) ? ['--node=$(NODE_NAME)'] : []),
    ...(report?.events === true ? ['--events'] : []),
    ...(report?.podEvents === true ? ['--pod-events'] : []),
    ...(report?.condition === true ? ['--node-condition'] : []),
    ...(report?.label === true ? ['--node-label'] : []),
    `--metrics=0.0.0.0:${metricsPort}`,
  ];
}
