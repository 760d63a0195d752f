import { hasAccess, labelsOf, metricsPort, type ManifestOptions } from './options.ts';

/** A file with an object of a kind that has no type here. */
export type OpenObject = readonly [name: string, object: { readonly kind: string; readonly [field: string]: unknown }];

/** A driver reads what claims got, and publishes what its node has. Its slice names the node's object as its owner. */
const claimRules = [
  { apiGroups: [''], resources: ['nodes'], verbs: ['get'] },
  { apiGroups: ['resource.k8s.io'], resources: ['resourceclaims'], verbs: ['get'] },
  { apiGroups: ['resource.k8s.io'], resources: ['resourceslices'], verbs: ['get', 'create', 'update'] },
];

/** The least that the agent needs for what it is asked to do. Nothing when it is not asked for anything. */
export function clusterAccess(options: ManifestOptions): readonly OpenObject[] {
  const { name, namespace, report, claims } = options;
  if (!hasAccess(options)) return [];
  const labels = labelsOf(options);
  const subjects = [{ kind: 'ServiceAccount', name, namespace }];
  const apiGroup = 'rbac.authorization.k8s.io';
  const rbac = { apiVersion: `${apiGroup}/v1` };
  const nodeRules = [
    ...(claims > 0 ? claimRules : []),
    // A pod may be in any namespace, and its events are there.
    ...(report?.podEvents === true ? [{ apiGroups: [''], resources: ['events'], verbs: ['create'] }] : []),
    ...(report?.condition === true ? [{ apiGroups: [''], resources: ['nodes/status'], verbs: ['patch'] }] : []),
    ...(report?.label === true ? [{ apiGroups: [''], resources: ['nodes'], verbs: ['patch'] }] : []),
  ];
  const nodes: readonly OpenObject[] = [
    ['cluster-role.yaml', { ...rbac, kind: 'ClusterRole', metadata: { name, labels }, rules: nodeRules }],
    [
      'cluster-role-binding.yaml',
      {
        ...rbac,
        kind: 'ClusterRoleBinding',
        metadata: { name, labels },
        roleRef: { apiGroup, kind: 'ClusterRole', name },
        subjects,
      },
    ],
  ];
  // Events of nodes are kept in this namespace.
  const metadata = { name, namespace: 'default', labels };
  const events: readonly OpenObject[] = [
    [
      'role.yaml',
      {
        ...rbac,
        kind: 'Role',
        metadata,
        rules: [{ apiGroups: [''], resources: ['events'], verbs: ['create'] }],
      },
    ],
    [
      'role-binding.yaml',
      { ...rbac, kind: 'RoleBinding', metadata, roleRef: { apiGroup, kind: 'Role', name }, subjects },
    ],
  ];
  return [
    ['service-account.yaml', { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace, labels } }],
    ...(nodeRules.length > 0 ? nodes : []),
    ...(report?.events === true ? events : []),
  ];
}

/** Nothing reaches the agent over the network but its metrics. Probes of the kubelet always do. */
export function networkPolicy(options: ManifestOptions): OpenObject {
  const labels = labelsOf(options);
  return [
    'network-policy.yaml',
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: options.name, namespace: options.namespace, labels },
      spec: {
        podSelector: { matchLabels: labels },
        policyTypes: ['Ingress'],
        ingress: [{ ports: [{ port: metricsPort, protocol: 'TCP' }] }],
      },
    },
  ];
}
