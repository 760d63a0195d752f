import { manifestFiles, namespaceObject, type ManifestFile, type NamedObject } from '@enclos/kubernetes/manifests';
import { certificateObjects } from './cert-manager.ts';
import { webhookMonitoring } from './monitoring.ts';
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
    // Its pods satisfy the strictest of the Pod Security Standards, and it is held to that.
    ['namespace.yaml', namespaceObject(options.namespace, labelsOf(options), 'restricted')],
    ['service-account.yaml', serviceAccount(options)],
    ...(hasCertManager ? certificateObjects(options) : secret),
    ...clients,
    ['deployment.yaml', deployment(options)],
    ['service.yaml', service(options)],
    ['network-policy.yaml', networkPolicy(options)],
    ['pod-disruption-budget.yaml', disruptionBudget(options)],
    ['webhook-configuration.yaml', webhookConfiguration(options)],
    ...(hasMonitoring ? webhookMonitoring(options) : []),
  ];
}
