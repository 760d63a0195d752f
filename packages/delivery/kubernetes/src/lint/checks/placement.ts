import { at, fieldsOf, textOf, type Span } from '@enclos/kubernetes-schema/yaml';
import type { EnclavePod } from '../enclave-pod.ts';
import {
  selectedValues,
  taintText,
  tolerates,
  tolerationsOf,
  tolerationSpan,
  tolerationText,
  type ClusterNode,
  type Taint,
  type Toleration,
} from '../node-selection.ts';
import { bytesText, parseQuantity } from '@enclos/kubernetes-schema';
import type { Report } from '../report.ts';
import { epcBytesOf, epcResource } from '../sgx-resources.ts';

/** Taints that AKS itself puts on the nodes of a pool, by the label that selects them. */
const aksTaints: readonly { readonly label: string; readonly value: string; readonly taint: Taint }[] = [
  {
    label: 'kubernetes.azure.com/scalesetpriority',
    value: 'spot',
    taint: { key: 'kubernetes.azure.com/scalesetpriority', value: 'spot', effect: 'NoSchedule' },
  },
];

/** Taints of the nodes that a pod with enclaves needs, as far as they are known. */
export function checkTaints(pod: EnclavePod, known: readonly Taint[], report: Report): void {
  const wanted = [
    ...aksTaints
      .filter(({ label, value }) => selectedValues(pod.spec, label).some((selected) => selected.value === value))
      .map(({ taint }) => taint),
    ...(needsSgxNode(pod) ? known : []),
  ];
  const tolerations = tolerationsOf(pod.spec);
  for (const taint of wanted) {
    if (!tolerates(tolerations, taint)) reportTaint(tolerationSpan(pod.spec, pod.specSpan), taint, report);
  }
}

function reportTaint(span: Span, taint: Taint, report: Report): void {
  report('TOLERATION_MISSING', span, `the nodes have the taint ${taintText(taint)}`, tolerationText(taint));
}

function needsSgxNode({ members }: EnclavePod): boolean {
  return members.some(({ asksForSgx, asksForSoftware }) => asksForSgx && !asksForSoftware);
}

function epcOf(node: ClusterNode): bigint {
  return parseQuantity(node.resources.get(epcResource) ?? '0')?.integer ?? 0n;
}

/** What a workload asks of the nodes: kept for all of them until the last document is read, so without its tree. */
export interface EpcClaim {
  readonly epcBytes: bigint;
  readonly pods: bigint;
  readonly selector: readonly (readonly [label: string, value: string | undefined])[];
  readonly tolerations: readonly Toleration[];
  readonly epcSpan: Span;
  readonly tolerationSpan: Span;
  readonly report: Report;
}

/** Undefined for a workload that asks for no EPC. */
export function epcClaimOf(pod: EnclavePod, report: Report): EpcClaim | undefined {
  const { spec, specSpan, epcBytes, members, replicas } = pod;
  if (epcBytes <= 0n) return undefined;
  const asked = members.flatMap(({ resources }) => resources).find((resource) => epcBytesOf(resource) !== undefined);
  return {
    epcBytes,
    pods: BigInt(Math.trunc(replicas)),
    selector: fieldsOf(at(spec, 'nodeSelector')).map(([name, { value }]) => [name, textOf(value)] as const),
    tolerations: tolerationsOf(spec),
    epcSpan: asked?.key ?? specSpan,
    tolerationSpan: tolerationSpan(spec, specSpan),
    report,
  };
}

/** Every pod has to fit onto some node, and all of them together. */
export function checkPlacement(claims: readonly EpcClaim[], allNodes: readonly ClusterNode[]): void {
  const nodes = allNodes.filter((node) => epcOf(node) > 0n);
  if (nodes.length === 0) return;
  const capacity = nodes.reduce((sum, node) => sum + epcOf(node), 0n);
  const largest = nodes.reduce((most, node) => (epcOf(node) > most ? epcOf(node) : most), 0n);
  // Most pods of a cluster ask alike.
  const known = new Map<string, Taint | undefined>();
  const taintOf = (claim: EpcClaim): Taint | undefined => {
    const key = JSON.stringify([claim.selector, claim.tolerations]);
    if (!known.has(key)) known.set(key, keepingAway(claim, nodes));
    return known.get(key);
  };
  let asked = 0n;
  for (const claim of claims) {
    const { epcBytes, epcSpan: span, report } = claim;
    const taint = taintOf(claim);
    if (taint !== undefined) reportTaint(claim.tolerationSpan, taint, report);
    if (epcBytes > largest) {
      const text = `a pod asks for ${bytesText(epcBytes)} of EPC, and no node has more than ${bytesText(largest)}`;
      report('SGX_EPC_OVERCOMMIT', span, text);
      continue;
    }
    const before = asked;
    asked += epcBytes * claim.pods;
    // Told once, where it is too much.
    if (before > capacity || asked <= capacity) continue;
    const total = `${bytesText(asked)} of EPC are asked for, and the nodes have ${bytesText(capacity)}`;
    report('SGX_EPC_OVERCOMMIT', span, `with this workload, ${total}`);
  }
}

/** The taint that keeps a pod from all nodes that its selector matches; undefined when one of them takes it. */
function keepingAway({ selector, tolerations }: EpcClaim, nodes: readonly ClusterNode[]): Taint | undefined {
  let first: Taint | undefined;
  for (const { labels, taints } of nodes) {
    if (!selector.every(([name, value]) => labels.get(name) === value)) continue;
    const taint = taints.find((one) => !tolerates(tolerations, one));
    if (taint === undefined) return undefined;
    first ??= taint;
  }
  return first;
}
