import type { NetworkPolicy } from 'kubernetes-types/networking/v1.js';
import { labelsOf, ports, type ManifestOptions } from './options.ts';

/**
 * Reviews come in, Prometheus may read, and nothing goes out, not even a question for a name. API servers are no pods, so
 * only their addresses can be named. Probes come from the node, which policies let through.
 */
export function networkPolicy(options: ManifestOptions): NetworkPolicy {
  const { name, namespace, apiServerNetworks, monitoringNamespace } = options;
  const labels = labelsOf(options);
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace, labels },
    spec: {
      podSelector: { matchLabels: labels },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        {
          ports: [{ port: ports.webhook, protocol: 'TCP' }],
          ...(apiServerNetworks.length === 0 ? {} : { from: apiServerNetworks.map((cidr) => ({ ipBlock: { cidr } })) }),
        },
        ...(monitoringNamespace === undefined
          ? []
          : [
              {
                ports: [{ port: ports.health, protocol: 'TCP' }],
                from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': monitoringNamespace } } }],
              },
            ]),
      ],
      egress: [],
    },
  };
}
