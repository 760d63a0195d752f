import type { EnclavePod } from '../enclave-pod.ts';
import {
  selectedValues,
  taintText,
  tolerates,
  tolerationSpan,
  tolerationText,
  type ClusterNode,
  type Taint,
} from '../node-selection.ts';
import { bytesText, parseQuantity } from '../quantity.ts';
import { at, fieldsOf, keyOf, textOf } from '../../yaml/node.ts';
import type { Report } from '../report.ts';
import { epcResource } from '../sgx-resources.ts';

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
  for (const taint of wanted) if (!tolerates(pod.spec, taint)) reportTaint(pod, taint, report);
}

function reportTaint(pod: EnclavePod, taint: Taint, report: Report): void {
  const span = tolerationSpan(pod.spec, pod.specSpan);
  report('TOLERATION_MISSING', span, `the nodes have the taint ${taintText(taint)}`, tolerationText(taint));
}

function needsSgxNode({ members }: EnclavePod): boolean {
  return members.some(({ asksForSgx, asksForSoftware }) => asksForSgx && !asksForSoftware);
}

function epcOf(node: ClusterNode): bigint {
  return parseQuantity(node.resources.get(epcResource) ?? '0')?.integer ?? 0n;
}

/** Pods of a file against nodes of a cluster: every pod has to fit somewhere, and all of them together. */
export class Placement {
  readonly #nodes: readonly ClusterNode[];
  readonly #capacity: bigint;
  #asked = 0n;
  #isTold = false;

  constructor(nodes: readonly ClusterNode[]) {
    this.#nodes = nodes.filter((node) => epcOf(node) > 0n);
    this.#capacity = this.#nodes.reduce((sum, node) => sum + epcOf(node), 0n);
  }

  check(pod: EnclavePod, report: Report): void {
    if (pod.epcBytes <= 0n || this.#nodes.length === 0) return;
    this.#checkTaints(pod, report);
    const largest = this.#nodes.reduce((most, node) => (epcOf(node) > most ? epcOf(node) : most), 0n);
    if (pod.epcBytes > largest) {
      const text = `a pod asks for ${bytesText(pod.epcBytes)} of EPC, and no node has more than ${bytesText(largest)}`;
      report('SGX_EPC_OVERCOMMIT', epcSpan(pod), text);
      return;
    }
    this.#asked += pod.epcBytes * BigInt(Math.trunc(pod.replicas));
    if (this.#asked <= this.#capacity || this.#isTold) return;
    this.#isTold = true;
    const text = `with this workload, ${bytesText(this.#asked)} of EPC are asked for, and the nodes have ${bytesText(this.#capacity)}`;
    report('SGX_EPC_OVERCOMMIT', epcSpan(pod), text);
  }

  /** One node that takes the pod is enough. */
  #checkTaints(pod: EnclavePod, report: Report): void {
    const selector = fieldsOf(at(pod.spec, 'nodeSelector')).map(([name, { value }]) => [name, textOf(value)] as const);
    const candidates = this.#nodes.filter(({ labels }) =>
      selector.every(([name, value]) => labels.get(name) === value),
    );
    const repelling = candidates.map(({ taints }) => taints.find((taint) => !tolerates(pod.spec, taint)));
    const [first] = repelling;
    if (first !== undefined && repelling.every((taint) => taint !== undefined)) reportTaint(pod, first, report);
  }
}

function epcSpan(pod: EnclavePod): { readonly start: number; readonly end: number } {
  const asking = pod.members.find(({ epcBytes }) => epcBytes > 0n);
  const amount = asking?.resources.find(({ name }) => /epc/.test(name));
  return amount?.key ?? keyOf(pod.pod, 'spec');
}
