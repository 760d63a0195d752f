import { at, isMap, isTrue, itemsOf, mapsOf, numberOf, textOf, type Span } from '@enclos/kubernetes-schema/yaml';
import type { EnclavePod } from '../enclave-pod.ts';
import type { Report } from '../report.ts';
import type { KubernetesObject } from '../workload.ts';

const levels = ['privileged', 'baseline', 'restricted'] as const;
type Level = (typeof levels)[number];

/** A Namespace document that says which pods it admits. */
export interface NamespaceLevel {
  readonly name: string;
  readonly level: Level;
  readonly span: Span;
  readonly report: Report;
}

/** A workload that names its namespace. */
export interface PlacedPod {
  readonly namespace: string;
  readonly pod: EnclavePod;
  readonly report: Report;
}

const enforceLabel = 'pod-security.kubernetes.io/enforce';

/** Undefined for other kinds, and for namespaces that enforce nothing. */
export function namespaceLevelOf({ kind, node }: KubernetesObject, report: Report): NamespaceLevel | undefined {
  const label = kind === 'Namespace' ? at(node, 'metadata', 'labels', enforceLabel) : undefined;
  const level = levels.find((one) => one === textOf(label));
  const name = textOf(at(node, 'metadata', 'name'));
  return label === undefined || level === undefined || name === undefined
    ? undefined
    : { name, level, span: label, report };
}

export function placedPodOf(pod: EnclavePod, report: Report): PlacedPod | undefined {
  const namespace = textOf(at(pod.object.node, 'metadata', 'namespace'));
  return namespace === undefined ? undefined : { namespace, pod, report };
}

/** The levels of namespaces against each other, and against the workloads that are in them. */
export function checkNamespaces(namespaces: readonly NamespaceLevel[], pods: readonly PlacedPod[]): void {
  const first = new Map<string, Level>();
  for (const { name, level, span, report } of namespaces) {
    const before = first.get(name);
    if (before === undefined) first.set(name, level);
    else if (before !== level) {
      report('NAMESPACE_LEVEL_CLASH', span, `"${name}" is ${level} here, and ${before} in another document`);
    }
  }
  for (const { namespace, pod, report } of pods) {
    const level = first.get(namespace);
    if (level === undefined || level === 'privileged') continue;
    for (const { span, text } of refusedBy(level, pod)) {
      report('NAMESPACE_LEVEL_REFUSED', span, `the level ${level} of "${namespace}" refuses ${text}`);
    }
  }
}

interface Refusal {
  readonly span: Span;
  readonly text: string;
}

/** https://kubernetes.io/docs/concepts/security/pod-security-standards/, as far as manifests usually touch it. */
function refusedBy(level: 'baseline' | 'restricted', pod: EnclavePod): readonly Refusal[] {
  const { spec, members, volumes } = pod;
  const refused: Refusal[] = [];
  for (const name of ['hostNetwork', 'hostPID', 'hostIPC']) {
    if (isTrue(at(spec, name))) refused.push({ span: at(spec, name) ?? spec, text: `${name}: true` });
  }
  for (const { hostPath } of volumes) {
    if (hostPath !== undefined) refused.push({ span: hostPath.span, text: `the path ${hostPath.path} of the node` });
  }
  for (const { node, name, span } of members) {
    const context = at(node, 'securityContext');
    const privileged = at(context, 'privileged');
    if (isTrue(privileged)) refused.push({ span: privileged ?? span, text: 'privileged: true' });
    for (const capability of itemsOf(at(context, 'capabilities', 'add'))) {
      const word = textOf(capability) ?? '';
      if (isAllowed(word, level)) continue;
      refused.push({ span: capability, text: `the capability ${word}` });
    }
    for (const port of mapsOf(at(node, 'ports'))) {
      const host = at(port, 'hostPort');
      if ((numberOf(host) ?? 0) > 0) refused.push({ span: host ?? port, text: 'hostPort' });
    }
    if (level === 'restricted') refused.push(...missingFrom(pod, { context, name, span }));
  }
  return refused;
}

interface ContainerPlace {
  readonly context: ReturnType<typeof at>;
  readonly name: string;
  readonly span: Span;
}

/** What `restricted` asks every container to say. */
function missingFrom({ spec }: EnclavePod, { context, name, span }: ContainerPlace): readonly Refusal[] {
  const podContext = at(spec, 'securityContext');
  const said = (...path: readonly string[]) => at(context, ...path) ?? at(podContext, ...path);
  const drops = itemsOf(at(context, 'capabilities', 'drop')).some((one) => textOf(one) === 'ALL');
  const escalation = at(context, 'allowPrivilegeEscalation');
  const isConfined = ['RuntimeDefault', 'Localhost'].includes(textOf(said('seccompProfile', 'type')) ?? '');
  const missing = [
    ...(isTrue(said('runAsNonRoot')) ? [] : ['runAsNonRoot: true']),
    ...(escalation?.kind === 'scalar' && escalation.value === false ? [] : ['allowPrivilegeEscalation: false']),
    ...(drops ? [] : ['capabilities: {drop: [ALL]}']),
    ...(isConfined ? [] : ['seccompProfile: {type: RuntimeDefault}']),
  ];
  const where = isMap(context) ? context : span;
  return missing.length === 0 ? [] : [{ span: where, text: `container "${name}" without ${missing.join(', ')}` }];
}

/** What container runtimes give by default; `restricted` allows the first only. */
const baselineCapabilities = new Set(
  [
    'NET_BIND_SERVICE AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD',
    'SETFCAP SETGID SETPCAP SETUID SYS_CHROOT',
  ].flatMap((line) => line.split(' ')),
);

function isAllowed(capability: string, level: Level): boolean {
  return level === 'restricted' ? capability === 'NET_BIND_SERVICE' : baselineCapabilities.has(capability);
}
