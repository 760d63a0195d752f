import type { KindEntry } from '../schema/types.ts';
import { addressFamily } from '../forms/addresses.ts';
import { isLabelName, isPathSegment, isQualifiedName, isServiceName, isSubdomainName } from '../forms/names.ts';
import type { MapNode } from '../yaml/node.ts';
import type { Report } from '../report.ts';
import { View } from '../view/view.ts';

/** Their names are any part of a path: those of roles may hold colons. */
const pathKinds = /^(?:(?:Cluster)?Role(?:Binding)?|PodDisruptionBudget|Event)$/;
/** Their names become a part of a domain name. */
const labelKinds = /^(?:Namespace|StatefulSet)$/;

const formOf = (kind: string): ((name: string) => boolean) => {
  if (kind === 'Service') return isServiceName;
  if (kind === 'IPAddress') return (name) => addressFamily(name) !== undefined;
  if (labelKinds.test(kind)) return isLabelName;
  return pathKinds.test(kind) ? isPathSegment : isSubdomainName;
};

/** Finalizers of these need no domain. */
const freeFinalizers = /^(?:Lease|PodDisruptionBudget|.+WebhookConfiguration|.+AdmissionPolicy(?:Binding)?)$/;

const finalizers = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

/** What the API server refuses in the metadata of an object; not in that of a template. */
export function checkMetadata(node: MapNode, { kind }: KindEntry, report: Report): void {
  const root = new View(node, '', { path: '', span: node }, report);
  const metadata = root.child('metadata');
  const [name, prefix] = [metadata?.text('name') ?? '', metadata?.text('generateName') ?? ''];
  // Ranges of limits are given a name.
  if (kind === 'LimitRange' && name === '') return;
  if (name === '' && prefix === '') {
    const span = metadata === undefined ? root.spanOf('kind') : root.spanOf('metadata');
    return report('K8S_FIELD_MISSING', span, '"metadata.name" is missing', 'Add "name" to metadata.');
  }
  if (metadata === undefined) return;
  const fits = formOf(kind);
  if (name !== '' && !fits(name)) {
    const text = `${JSON.stringify(name.slice(0, 100))} is not a name of a ${kind}`;
    report('K8S_NAME_INVALID', metadata.valueSpan('name'), text);
  }
  // What is made up goes on after the prefix, so a hyphen may end it.
  if (prefix !== '' && !fits(prefix.replace(/-$/, 'x'))) {
    const text = `${JSON.stringify(prefix.slice(0, 100))} cannot begin a name of a ${kind}`;
    report('K8S_NAME_INVALID', metadata.valueSpan('generateName'), text);
  }
  if (!freeFinalizers.test(kind)) checkFinalizers(metadata);
  const spec = kind === 'Namespace' ? root.child('spec') : undefined;
  if (spec !== undefined) checkFinalizers(spec);
  const references = metadata.each('ownerReferences');
  for (const owner of references) {
    for (const field of ['apiVersion', 'kind', 'name', 'uid']) if (owner.text(field) === '') owner.missing(field);
  }
  const owners = references.filter((owner) => owner.isTrue('controller'));
  if (owners.length > 1) metadata.conflict('ownerReferences', 'has two owners with controller: true');
  checkPriority(root, kind, name);
}

function checkFinalizers(view: View): void {
  for (const item of view.texts('finalizers')) {
    const { text } = item;
    if (isQualifiedName(text) && (text.includes('/') || finalizers.has(text))) continue;
    view.invalidItem('finalizers', item, 'Use a name with a domain, such as example.com/cleanup.');
  }
}

/** Names and values that Kubernetes keeps for itself. */
function checkPriority(root: View, kind: string, name: string): void {
  if (kind !== 'PriorityClass') return;
  const own = name === 'system-node-critical' || name === 'system-cluster-critical';
  if (name.startsWith('system-') && !own) {
    root.child('metadata')?.invalid('name', 'a name that does not begin with "system-"');
  } else if (!own && (root.number('value') ?? 0) > 1_000_000_000) root.invalid('value', 'at most 1000000000');
}
