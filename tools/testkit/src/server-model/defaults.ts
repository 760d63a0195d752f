import { fieldsOf, type Field } from './types.ts';
import { isPlain, type Plain } from './values.ts';

/** Reads an object of a type, for a default that is an object. */
type ReadType = (value: Plain, type: string) => Plain;

/** What the API server adds: the defaults of the table, and those that depend on other fields. */
export function addDefaults(type: string, value: Plain, readType: ReadType): Plain {
  const added: Record<string, unknown> = { ...value };
  for (const [name, field] of fieldsOf(type)) {
    if (field.default === undefined || added[name] !== undefined) continue;
    added[name] = presetOf(field, field.default, readType);
  }
  return { ...added, ...dependent[type]?.(added) };
}

function presetOf({ shape }: Field, text: string, readType: ReadType): unknown {
  if (shape.of === 'object') return readType({}, shape.type);
  if (shape.of === 'number') return Number(text);
  return shape.of === 'flag' ? text === 'true' : text;
}

/** Fields that follow from others, by type (defaults.go and strategy.go of the groups in k8s.io/kubernetes/pkg). */
const dependent: Readonly<Record<string, (value: Plain) => Plain>> = {
  Secret: ({ data, stringData }) => {
    if (!isPlain(stringData)) return {};
    const encoded = Object.entries(stringData).map(([key, text]) => [
      key,
      Buffer.from(String(text)).toString('base64'),
    ]);
    return { data: { ...(isPlain(data) ? data : {}), ...Object.fromEntries(encoded) }, stringData: undefined };
  },
  NamespaceSpec: () => ({ finalizers: ['kubernetes'] }),
  NetworkPolicySpec: ({ policyTypes, egress }) => {
    if (policyTypes !== undefined) return {};
    return { policyTypes: Array.isArray(egress) && egress.length > 0 ? ['Ingress', 'Egress'] : ['Ingress'] };
  },
  ServiceSpec: ({ type, ipFamilies, externalTrafficPolicy, allocateLoadBalancerNodePorts }) => ({
    ipFamilies: ipFamilies ?? ['IPv4'],
    ipFamilyPolicy: 'SingleStack',
    ...(type === 'ClusterIP' ? {} : { externalTrafficPolicy: externalTrafficPolicy ?? 'Cluster' }),
    ...(type === 'LoadBalancer' ? { allocateLoadBalancerNodePorts: allocateLoadBalancerNodePorts ?? true } : {}),
  }),
  ServicePort: ({ port, targetPort }) => ({ targetPort: targetPort ?? port }),
  DeploymentStrategy: ({ type, rollingUpdate }) =>
    type === 'RollingUpdate'
      ? { rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%', ...asPlain(rollingUpdate) } }
      : {},
  DaemonSetStrategy: ({ type, rollingUpdate }) =>
    type === 'RollingUpdate' ? { rollingUpdate: { maxUnavailable: 1, maxSurge: 0, ...asPlain(rollingUpdate) } } : {},
  StatefulSetStrategy: ({ type, rollingUpdate }) =>
    type === 'RollingUpdate' ? { rollingUpdate: { partition: 0, ...asPlain(rollingUpdate) } } : {},
  JobSpec: ({ completions, parallelism }) => {
    if (completions === undefined && parallelism === undefined) return { completions: 1, parallelism: 1 };
    return parallelism === undefined ? { parallelism: 1 } : {};
  },
  PodSpec: ({ serviceAccountName }) => (serviceAccountName === undefined ? {} : { serviceAccount: serviceAccountName }),
  Container: ({ image, imagePullPolicy }) => ({ imagePullPolicy: imagePullPolicy ?? pullPolicyOf(String(image)) }),
  ResourceReference: ({ divisor }) => ({ divisor: divisor ?? '0' }),
};

const asPlain = (value: unknown): Plain => (isPlain(value) ? value : {});

function pullPolicyOf(image: string): string {
  if (image.includes('@')) return 'IfNotPresent';
  const [, tag = 'latest'] = /:([^/:]+)$/.exec(image) ?? [];
  return tag === 'latest' ? 'Always' : 'IfNotPresent';
}
