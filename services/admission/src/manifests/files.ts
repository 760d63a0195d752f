import { manifestFiles, type ManifestFile, type NamedObject } from '@enclos/kubernetes/manifests';
import type { V1Namespace } from '@enclos/kubernetes/objects';
import { certificateObjects } from './cert-manager.ts';
import { monitoringObjects } from './monitoring.ts';
import { networkPolicy } from './network-policy.ts';
import { labelsOf, type ManifestOptions } from './options.ts';
import { webhookConfiguration } from './webhook-configuration.ts';
import {
  certificateSecret,
  clientAuthorities,
  deployment,
  disruptionBudget,
  service,
  serviceAccount,
} from './workload.ts';

/** The manifests of the webhook, with a kustomization. */
export function webhookFiles(options: ManifestOptions): readonly ManifestFile[] {
  return manifestFiles(webhookObjects(options));
}

export function webhookObjects(options: ManifestOptions): readonly NamedObject[] {
  const { keyPair, clientCa, hasCertManager, hasMonitoring } = options;
  const secret: readonly NamedObject[] =
    keyPair === undefined ? [] : [['secret.yaml', certificateSecret(options, keyPair)]];
  const clients: readonly NamedObject[] =
    clientCa === undefined ? [] : [['client-authorities.yaml', clientAuthorities(options, clientCa)]];
  return [
    ['namespace.yaml', namespaceOf(options)],
    ['service-account.yaml', serviceAccount(options)],
    ...(hasCertManager ? certificateObjects(options) : secret),
    ...clients,
    ['deployment.yaml', deployment(options)],
    ['service.yaml', service(options)],
    ['network-policy.yaml', networkPolicy(options)],
    ['pod-disruption-budget.yaml', disruptionBudget(options)],
    ['webhook-configuration.yaml', webhookConfiguration(options)],
    ...(hasMonitoring ? monitoringObjects(options) : []),
  ];
}

/** Its pods satisfy the strictest of the Pod Security Standards, and it is held to that. */
function namespaceOf(options: ManifestOptions): V1Namespace {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: options.namespace,
      labels: { ...labelsOf(options), 'pod-security.kubernetes.io/enforce': 'restricted' },
    },
  };
}
