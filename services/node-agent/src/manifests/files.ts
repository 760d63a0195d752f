import { manifestFiles, type ManifestFile, type NamedObject } from '@enclos/kubernetes/manifests';
import type { V1Namespace } from '@enclos/kubernetes/objects';
import { clusterAccess, networkPolicy } from './cluster-access.ts';
import { devicePolicy, devicePolicyBinding } from './device-policy.ts';
import { draObjects } from './dra.ts';
import { daemonSet } from './daemon-set.ts';
import { monitoringObjects } from './monitoring.ts';
import { labelsOf, type ManifestOptions } from './options.ts';

/** The manifests of the agent, with a kustomization. */
export function agentFiles(options: ManifestOptions): readonly ManifestFile[] {
  return manifestFiles(agentObjects(options));
}

export function agentObjects(options: ManifestOptions): readonly NamedObject[] {
  return [
    ['namespace.yaml', namespaceOf(options)],
    ['daemonset.yaml', daemonSet(options)],
    networkPolicy(options),
    ...clusterAccess(options),
    ...draObjects(options),
    ...(options.hasDevicePolicy
      ? ([
          ['device-policy.yaml', devicePolicy(options)],
          ['device-policy-binding.yaml', devicePolicyBinding(options)],
        ] as const)
      : []),
    ...(options.hasMonitoring ? monitoringObjects(options) : []),
  ];
}

/** The agent has host paths, the process ids of the node and capabilities: the two stricter levels refuse that. */
function namespaceOf(options: ManifestOptions): V1Namespace {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: options.namespace,
      labels: { ...labelsOf(options), 'pod-security.kubernetes.io/enforce': 'privileged' },
    },
  };
}
