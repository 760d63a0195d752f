import {
  at,
  isMap,
  isTrue,
  itemsOf,
  mapsOf,
  numberOf,
  textOf,
  type Span,
  type YamlNode,
} from '@enclos/kubernetes-schema/yaml';
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

/**
 * A workload that names its namespace, and what a level would refuse in it: kept until the last document is read, so
 * without its tree.
 */
export interface PlacedPod {
  readonly namespace: string;
  readonly refused: readonly Refusal[];
  readonly report: Report;
}

interface Refusal {
  readonly span: Span;
  readonly text: string;
  /** The level `baseline` refuses it too. */
  readonly byBaseline: boolean;
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

/** Undefined for a workload that names no namespace, and for one that every level takes. */
export function placedPodOf(pod: EnclavePod, report: Report): PlacedPod | undefined {
  const namespace = textOf(at(pod.object.node, 'metadata', 'namespace'));
  const refused = namespace === undefined ? [] : refusalsOf(pod);
  return namespace === undefined || refused.length === 0 ? undefined : { namespace, refused, report };
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
  for (const { namespace, refused, report } of pods) {
    const level = first.get(namespace);
    if (level === undefined || level === 'privileged') continue;
    for (const { span, text, byBaseline } of refused) {
      if (level === 'baseline' && !byBaseline) continue;
      report('NAMESPACE_LEVEL_REFUSED', span, `the level ${level} of "${namespace}" refuses ${text}`);
    }
  }
}

/** https://kubernetes.io/docs/concepts/security/pod-security-standards/, as far as manifests usually touch it. */
function refusalsOf(pod: EnclavePod): readonly Refusal[] {
  const { spec, members, volumes } = pod;
  const refused: Refusal[] = [];
  const refuse = ({ start, end }: Span, text: string, byBaseline = true): void => {
    refused.push({ span: { start, end }, text, byBaseline });
  };
  for (const name of ['hostNetwork', 'hostPID', 'hostIPC']) {
    const value = at(spec, name);
    if (isTrue(value)) refuse(value ?? spec, `${name}: true`);
  }
  for (const { hostPath } of volumes) {
    if (hostPath !== undefined) refuse(hostPath.span, `the path ${hostPath.path} of the node`);
  }
  for (const { node, name, span } of members) {
    const context = at(node, 'securityContext');
    const privileged = at(context, 'privileged');
    if (isTrue(privileged)) refuse(privileged ?? span, 'privileged: true');
    for (const capability of itemsOf(at(context, 'capabilities', 'add'))) {
      const word = textOf(capability) ?? '';
      if (word === restrictedCapability) continue;
      refuse(capability, `the capability ${word}`, !baselineCapabilities.has(word));
    }
    for (const port of mapsOf(at(node, 'ports'))) {
      const host = at(port, 'hostPort');
      if ((numberOf(host) ?? 0) > 0) refuse(host ?? port, 'hostPort');
    }
    const missing = missingFrom(pod, context);
    if (missing.length === 0) continue;
    refuse(isMap(context) ? context : span, `container "${name}" without ${missing.join(', ')}`, false);
  }
  return refused;
}

/** What `restricted` asks every container to say. */
function missingFrom({ spec }: EnclavePod, context: YamlNode | undefined): readonly string[] {
  const podContext = at(spec, 'securityContext');
  const said = (...path: readonly string[]) => at(context, ...path) ?? at(podContext, ...path);
  const drops = itemsOf(at(context, 'capabilities', 'drop')).some((one) => textOf(one) === 'ALL');
  const escalation = at(context, 'allowPrivilegeEscalation');
  const isConfined = ['RuntimeDefault', 'Localhost'].includes(textOf(said('seccompProfile', 'type')) ?? '');
  return [
    ...(isTrue(said('runAsNonRoot')) ? [] : ['runAsNonRoot: true']),
    ...(escalation?.kind === 'scalar' && escalation.value === false ? [] : ['allowPrivilegeEscalation: false']),
    ...(drops ? [] : ['capabilities: {drop: [ALL]}']),
    ...(isConfined ? [] : ['seccompProfile: {type: RuntimeDefault}']),
  ];
}

/** The only one that `restricted` allows. */
const restrictedCapability = 'NET_BIND_SERVICE';
/** What container runtimes give by default. */
const baselineCapabilities = new Set(
  [
    `${restrictedCapability} AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD`,
    'SETFCAP SETGID SETPCAP SETUID SYS_CHROOT',
  ].flatMap((line) => line.split(' ')),
);
