import { labelsOf, metricsPort, type ManifestOptions } from './options.ts';

/** A file with an object of a kind that has no type here. */
type OpenObject = readonly [name: string, object: { readonly kind: string; readonly [field: string]: unknown }];

/** The least that the agent needs to report what it is asked to report. Nothing when it is not asked for anything. */
export function clusterAccess(options: ManifestOptions): readonly OpenObject[] {
  const { name, namespace, report } = options;
  if (report === undefined) return [];
  const labels = labelsOf(options);
  const subjects = [{ kind: 'ServiceAccount', name, namespace }];
  const apiGroup = 'rbac.authorization.k8s.io';
  const rbac = { apiVersion: `${apiGroup}/v1` };
  const nodeRules = [
    ...(report.condition ? [{ apiGroups: [''], resources: ['nodes/status'], verbs: ['patch'] }] : []),
    ...(report.label ? [{ apiGroups: [''], resources: ['nodes'], verbs: ['patch'] }] : []),
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
    ...(report.events ? events : []),
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
