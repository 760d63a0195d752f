import type { V1MutatingWebhookConfiguration, V1RuleWithOperations } from '@enclos/kubernetes/objects';
import { injectLabel } from '../pod/names.ts';
import { reviewPath } from '../server/review-path.ts';
import { injectionOf } from './cert-manager.ts';
import { labelsOf, type ManifestOptions } from './options.ts';

/** API servers count by this name. */
export const webhookName = 'pods.admission.enclos.dev';

const creationOfPods: V1RuleWithOperations = {
  apiGroups: [''],
  apiVersions: ['v1'],
  operations: ['CREATE'],
  resources: ['pods'],
  scope: 'Namespaced',
};

/**
 * Which reviews come. Whatever this says, a pod that does not ask is not touched; what it is for is that other pods never
 * wait for the webhook: they are created the same whether it runs or not.
 */
export function webhookConfiguration(options: ManifestOptions): V1MutatingWebhookConfiguration {
  const { name, namespace, caBundle, hasCertManager } = options;
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: {
      name,
      labels: labelsOf(options),
      ...(hasCertManager ? { annotations: injectionOf(options) } : {}),
    },
    webhooks: [
      {
        name: webhookName,
        clientConfig: {
          service: { name, namespace, path: reviewPath, port: 443 },
          ...(caBundle === undefined || hasCertManager ? {} : { caBundle: Buffer.from(caBundle).toString('base64') }),
        },
        rules: [creationOfPods],
        objectSelector: { matchLabels: { [injectLabel.key]: injectLabel.value } },
        // A webhook that has to be asked before its own pods start could not come back.
        namespaceSelector: {
          matchExpressions: [
            {
              key: 'kubernetes.io/metadata.name',
              operator: 'NotIn',
              values: ['kube-system', 'kube-public', 'kube-node-lease', namespace],
            },
          ],
        },
        admissionReviewVersions: ['v1'],
        matchPolicy: 'Equivalent',
        sideEffects: 'None',
        failurePolicy: 'Ignore',
        // Another webhook may add a container after this one was asked.
        reinvocationPolicy: 'IfNeeded',
        timeoutSeconds: 5,
      },
    ],
  };
}
