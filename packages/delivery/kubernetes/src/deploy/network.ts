import { isIP } from 'node:net';
import type { V1NetworkPolicy } from '../schema/objects.ts';
import { compact, isPublic, labelsOf, listOrNothing, selectorOf, type CompleteSettings } from './pod.ts';
import type { Peer } from './settings.ts';

type Spec = NonNullable<V1NetworkPolicy['spec']>;
type PolicyPeer = NonNullable<NonNullable<Spec['ingress']>[number]['from']>[number];
type EgressRule = NonNullable<Spec['egress']>[number];

/** Denies everything but what is declared: ports in, destinations out, and name lookups where there are names. */
export function networkPolicy(settings: CompleteSettings): V1NetworkPolicy {
  const { name, listen, connect } = settings;
  const isOpen = isPublic(settings);
  const lookups = connect.some(({ host }) => isIP(host) === 0) ? [dnsRule] : [];
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, labels: labelsOf(settings) },
    spec: compact<Spec>({
      podSelector: { matchLabels: selectorOf(settings) },
      policyTypes: ['Ingress', 'Egress'],
      // Without rules, a type of the list above is denied. The API server does not keep an empty list.
      ingress: listOrNothing(
        listen.map(({ port, from }) => {
          const ports = [{ protocol: 'TCP', port }];
          if (from !== undefined && from.length > 0) return { from: from.map(peerOf), ports };
          // Without `from`, all clients may connect.
          return isOpen ? { ports } : { from: [{ podSelector: {} }], ports };
        }),
      ),
      egress: listOrNothing([...lookups, ...connect.map(egressOf)]),
    }),
  };
}

const dnsRule: EgressRule = {
  to: [
    {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
      podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
    },
  ],
  ports: [
    { protocol: 'UDP', port: 53 },
    { protocol: 'TCP', port: 53 },
  ],
};

function egressOf({ host, port, to }: CompleteSettings['connect'][number]): EgressRule {
  const ports = [{ protocol: 'TCP', port }];
  if (to !== undefined) return { to: to.map(peerOf), ports };
  // An address with a zone is one of this machine only.
  const version = host.includes('%') ? 0 : isIP(host);
  if (version === 0) return { ports };
  return { to: [{ ipBlock: { cidr: `${host}/${version === 4 ? 32 : 128}` } }], ports };
}

function peerOf({ podLabels, namespaceLabels, cidr }: Peer): PolicyPeer {
  if (cidr !== undefined) return { ipBlock: { cidr } };
  return {
    ...(podLabels === undefined ? {} : { podSelector: selectorOfLabels(podLabels) }),
    ...(namespaceLabels === undefined ? {} : { namespaceSelector: selectorOfLabels(namespaceLabels) }),
  };
}

/** No labels select everything. */
function selectorOfLabels(labels: Readonly<Record<string, string>>): NonNullable<PolicyPeer['podSelector']> {
  return Object.keys(labels).length === 0 ? {} : { matchLabels: labels };
}
