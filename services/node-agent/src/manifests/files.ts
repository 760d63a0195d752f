import { manifestFiles, namespaceObject, type ManifestFile, type NamedObject } from '@enclos/kubernetes/manifests';
import { clusterAccess, networkPolicy } from './cluster-access.ts';
import { devicePolicy } from './device-policy.ts';
import { draObjects } from './dra.ts';
import { daemonSet } from './daemon-set.ts';
import { agentMonitoring } from './monitoring.ts';
import { consistent, labelsOf, type ManifestOptions } from './options.ts';

/** The manifests of the agent, with a kustomization. */
export function agentFiles(options: ManifestOptions): readonly ManifestFile[] {
  return manifestFiles(agentObjects(options));
}

export function agentObjects(wanted: ManifestOptions): readonly NamedObject[] {
  const options = consistent(wanted);
  return [
    // The agent has host paths, the process ids of the node and capabilities: the two stricter levels refuse that.
    ['namespace.yaml', namespaceObject(options.namespace, labelsOf(options), 'privileged')],
    ['daemonset.yaml', daemonSet(options)],
    networkPolicy(options),
    ...clusterAccess(options),
    ...draObjects(options),
    ...devicePolicy(options),
    ...(options.hasMonitoring ? agentMonitoring(options) : []),
  ];
}
