import type { V1NetworkPolicy, V1NetworkPolicyPeer } from '@enclos/kubernetes/objects';
import { labelsOf, ports, type ManifestOptions } from './options.ts';

/**
 * Reviews come in, Prometheus may read, and nothing goes out, not even a question for a name: `Egress` without rules, because the
 * API server does not keep an empty list of them. API servers are not pods, so only their addresses can be named, or the pods that
 * they reach through. Probes come from the node, which policies let through.
 */
export function networkPolicy(options: ManifestOptions): V1NetworkPolicy {
  const { name, namespace, monitoringNamespace } = options;
  const from = apiServers(options);
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
          ...(from.length === 0 ? {} : { from }),
        },
        ...(monitoringNamespace === undefined
          ? []
          : [
              {
                ports: [{ port: ports.health, protocol: 'TCP' }],
                from: [{ namespaceSelector: selectNamespace(monitoringNamespace) }],
              },
            ]),
      ],
    },
  };
}

function apiServers({ apiServerNetworks, apiServerAgent: agent }: ManifestOptions): V1NetworkPolicyPeer[] {
  const networks = apiServerNetworks.map((cidr) => ({ ipBlock: { cidr } }));
  if (agent === undefined) return networks;
  const podSelector = { matchLabels: { [agent.key]: agent.value } };
  return [...networks, { namespaceSelector: selectNamespace('kube-system'), podSelector }];
}

/** The API server gives every namespace this label. */
function selectNamespace(name: string): { matchLabels: Record<string, string> } {
  return { matchLabels: { 'kubernetes.io/metadata.name': name } };
}
