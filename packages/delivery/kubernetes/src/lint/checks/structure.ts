import { at, fieldsOf, mapsOf, textOf, type Span, type YamlNode } from '../../yaml/node.ts';
import { fieldSpan } from '../decode.ts';
import type { EnclavePod } from '../enclave-pod.ts';
import { isLabelName, isSubdomainName } from '../names.ts';
import type { Report } from '../report.ts';
import type { KubernetesObject } from '../workload.ts';

/** Names of roles may hold colons, and those of nodes come from elsewhere. */
const freeNames = /^(?:ClusterRole|Role|ClusterRoleBinding|RoleBinding|Node|Event|IPAddress|ServiceCIDR)$/;

/** Their names become a part of a domain name. */
const dnsLabelKinds = /^(?:Service|Namespace)$/;
/** Any other is an unknown value, which the check of the fields reports. */
const restartPolicies = new Set(['Always', 'OnFailure', 'Never', undefined]);

/** What the API server checks beyond types. */
export function checkObjectName({ node, kind }: KubernetesObject, report: Report): void {
  const name = at(node, 'metadata', 'name');
  const text = textOf(name);
  if (name !== undefined && text !== undefined && !freeNames.test(kind)) {
    const fits = dnsLabelKinds.test(kind) ? isLabelName(text) : isSubdomainName(text);
    if (!fits) {
      report('K8S_NAME_INVALID', name, `${JSON.stringify(text.slice(0, 100))} is not a name of a ${kind}`);
    }
  }
  if (text === undefined && at(node, 'metadata', 'generateName') === undefined && kind !== 'List') {
    const span = fieldSpan(node, 'metadata', fieldSpan(node, 'kind', node));
    report('K8S_FIELD_MISSING', span, '"metadata.name" is missing', 'Add "name" to metadata.');
  }
}

export function checkStructure(pod: EnclavePod, report: Report): void {
  const { object, volumes } = pod;
  const claims = mapsOf(at(object.node, 'spec', 'volumeClaimTemplates')).map((claim) => at(claim, 'metadata', 'name'));
  const volumeNames = new Set([...volumes.map(({ name }) => name), ...claims.map((name) => textOf(name) ?? '')]);
  checkNames(
    'container',
    pod.containers.map(({ name, span }) => ({ name, span })),
    report,
  );
  checkNames(
    'volume',
    volumes.map(({ name, nameSpan }) => ({ name, span: nameSpan })),
    report,
  );
  for (const { mounts } of pod.members) {
    for (const { volume, nameSpan } of mounts) {
      if (volume === '' || volumeNames.has(volume)) continue;
      report('K8S_VOLUME_UNKNOWN', nameSpan, `the pod has no volume "${volume}"`, () => volumesText(volumeNames));
    }
  }
  checkSelector(pod, report);
  checkRestartPolicy(pod, report);
}

function volumesText(names: ReadonlySet<string>): string {
  const known = [...names].filter((name) => name !== '');
  return known.length === 0 ? 'Add the volume to the pod.' : `Volumes of this pod: ${known.slice(0, 10).join(', ')}.`;
}

interface NamedItem {
  readonly name: string;
  readonly span: Span;
}

function checkNames(what: string, all: readonly NamedItem[], report: Report): void {
  const seen = new Set<string>();
  for (const { name, span } of all) {
    // A missing name is a missing field.
    if (name === '') continue;
    if (seen.has(name)) report('K8S_NAME_REPEATED', span, `two ${what}s are named "${name}"`);
    else if (!isLabelName(name)) report('K8S_NAME_INVALID', span, `"${name.slice(0, 100)}" is not a name of a ${what}`);
    seen.add(name);
  }
}

const selecting = /^(?:Deployment|ReplicaSet|StatefulSet|DaemonSet)$/;

function checkSelector({ object, labels }: EnclavePod, report: Report): void {
  if (!selecting.test(object.kind)) return;
  for (const [name, { key, value }] of fieldsOf(at(object.node, 'spec', 'selector', 'matchLabels'))) {
    const wanted = textOf(value);
    if (wanted === undefined || labels.get(name)?.text === wanted) continue;
    const text = `the selector wants ${name}: ${wanted}, and the pods of the template do not have it`;
    report('K8S_SELECTOR_MISMATCH', key, text);
  }
}

function checkRestartPolicy({ object, spec, specSpan }: EnclavePod, report: Report): void {
  const policy: YamlNode | undefined = at(spec, 'restartPolicy');
  const text = textOf(policy);
  if (!restartPolicies.has(text)) return;
  const span = fieldSpan(spec, 'restartPolicy', specSpan);
  if (/^(?:Job|CronJob)$/.test(object.kind)) {
    if (text === 'Never' || text === 'OnFailure') return;
    const found = text === undefined ? 'no restartPolicy, which means Always' : `restartPolicy: ${text}`;
    report('K8S_RESTART_POLICY', span, `the pods of a ${object.kind} have ${found}`);
  } else if (selecting.test(object.kind) && text !== undefined && text !== 'Always') {
    report('K8S_RESTART_POLICY', span, `the pods of a ${object.kind} have restartPolicy: ${text}`, 'Use Always.');
  }
}
