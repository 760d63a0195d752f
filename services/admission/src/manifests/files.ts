import type { V1Namespace } from '@enclos/kubernetes/objects';
import { yamlOf } from '@enclos/kubernetes/yaml';
import { networkPolicy } from './network-policy.ts';
import { labelsOf, type ManifestOptions } from './options.ts';
import { webhookConfiguration } from './webhook-configuration.ts';
import { certificateSecret, deployment, disruptionBudget, service, serviceAccount } from './workload.ts';

export interface ManifestFile {
  readonly name: string;
  readonly text: string;
  /** Holds a private key. */
  readonly isSecret: boolean;
}

/** The manifests as files of YAML, with a kustomization that lists them: `kubectl apply -k`. */
export function manifestFiles(options: ManifestOptions): readonly ManifestFile[] {
  const { trust } = options;
  const objects: readonly (readonly [name: string, object: object])[] = [
    ['namespace.yaml', namespaceOf(options)],
    ['service-account.yaml', serviceAccount(options)],
    ...(trust === undefined ? [] : [['secret.yaml', certificateSecret(options, trust)] as const]),
    ['deployment.yaml', deployment(options)],
    ['service.yaml', service(options)],
    ['network-policy.yaml', networkPolicy(options)],
    ['pod-disruption-budget.yaml', disruptionBudget(options)],
    ['webhook-configuration.yaml', webhookConfiguration(options)],
  ];
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: objects.map(([name]) => name),
  };
  return [...objects, ['kustomization.yaml', kustomization] as const].map(([name, object]) => ({
    name,
    text: yamlOf(object),
    isSecret: name === 'secret.yaml',
  }));
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
