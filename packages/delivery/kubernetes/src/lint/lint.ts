import { diagnosticAt, type Diagnostic } from '@enclos/build/diagnostics';
import { checkObject, isServedNowhere, kindOf, kinds, meantBy } from '@enclos/kubernetes-schema';
import {
  at,
  isMap,
  type MapNode,
  readYaml,
  textOf,
  type YamlDocument,
  yamlLimits,
} from '@enclos/kubernetes-schema/yaml';
import { checkApplyDrift } from './checks/apply-drift.ts';
import { checkAzure } from './checks/azure.ts';
import { checkBoundary } from './checks/boundary.ts';
import { checkImages, type ImageLabels } from './checks/images.ts';
import { checkPlacement, checkTaints, epcClaimOf, type EpcClaim } from './checks/placement.ts';
import {
  checkNamespaces,
  namespaceLevelOf,
  placedPodOf,
  type NamespaceLevel,
  type PlacedPod,
} from './checks/pod-security.ts';
import { checkProbes } from './checks/probes.ts';
import { checkQuotes } from './checks/quotes.ts';
import { checkResources } from './checks/resources.ts';
import { checkAutoscaler, checkWebhooks } from './checks/webhooks.ts';
import { checkWords } from './checks/words.ts';
import { enclavePodOf, type EnclavePod } from './enclave-pod.ts';
import { clusterNodeOf, type ClusterNode, type Taint } from './node-selection.ts';
import type { RawFinding, Report } from './report.ts';
import { lintRules, type LintCode, type Severity } from './rules.ts';
import { objectsOf, workloadOf, type KubernetesObject } from './workload.ts';

/** A diagnostic of a rule: `code` names the rule, `suggestion` says what to do. */
export interface LintFinding extends Diagnostic {
  readonly code: LintCode;
  readonly severity: Severity;
  readonly line: number;
  readonly column: number;
  readonly suggestion: string;
}

export interface LintOptions {
  /** By which sizes of Azure are retired. */
  readonly now: Date;
  /** Taints of the nodes with SGX, beside those of Node objects among the files. */
  readonly taints?: readonly Taint[];
  /** Labels of images, where they are known. */
  readonly images?: ImageLabels;
}

export interface LintFile {
  /** As findings name it. */
  readonly name: string;
  readonly text: string;
}

export interface LintOutcome {
  readonly findings: readonly LintFinding[];
  readonly documents: number;
  /** Workloads that something about enclaves was found in. */
  readonly workloads: number;
}

/** Findings of one document: more would not help with a broken one. */
const mostFindings = 100;
/** No cluster has more; each pod is compared with each of them. */
const mostNodes = 5000;

/**
 * Checks manifests: whether the API server would take them, and what goes wrong
 * with enclaves in them. Pure; nothing is fetched.
 */
export function lintManifests(files: readonly LintFile[], options: LintOptions): LintOutcome {
  const linter = new Linter(options);
  for (const file of files) linter.read(file);
  return linter.finish();
}

interface Place {
  readonly file: string;
  readonly text: string;
  readonly linesBefore: number;
  readonly findings: RawFinding[];
}

class Linter {
  readonly #options: LintOptions;
  readonly #places: Place[] = [];
  readonly #nodes: ClusterNode[] = [];
  readonly #claims: EpcClaim[] = [];
  readonly #namespaces: NamespaceLevel[] = [];
  readonly #pods: PlacedPod[] = [];
  #documents = 0;
  #workloads = 0;

  constructor(options: LintOptions) {
    this.#options = options;
  }

  read({ name, text }: LintFile): void {
    if (text.length > yamlLimits.maxLength) {
      const problem = { start: 0, end: 1, text: `more than ${yamlLimits.maxLength} characters in one file` };
      this.#document(name, { text: text.slice(0, 80), linesBefore: 0, problems: [problem] });
      return;
    }
    for (const document of readYaml(text)) this.#document(name, document);
  }

  /** The facts of one pod that are known only after all documents have been read. */
  finish(): LintOutcome {
    checkPlacement(this.#claims, this.#nodes);
    checkNamespaces(this.#namespaces, this.#pods);
    const findings = this.#places.flatMap((place) => {
      // In the order of the text, whichever rule found them first.
      const inOrder = place.findings.toSorted((a, b) => a.span.start - b.span.start);
      return inOrder.map((finding) => diagnosticOf(finding, place));
    });
    return Object.freeze({
      findings: Object.freeze(findings),
      documents: this.#documents,
      workloads: this.#workloads,
    });
  }

  #document(file: string, document: YamlDocument): void {
    const { root, problems, text } = document;
    if (root === undefined && problems.length === 0) return;
    this.#documents += 1;
    const place: Place = { file, text, linesBefore: document.linesBefore, findings: [] };
    const report: Report = (code, span, words, fix) => {
      if (place.findings.length === 0) this.#places.push(place);
      if (place.findings.length >= mostFindings) return;
      const closer = typeof fix === 'function' ? fix() : fix;
      place.findings.push({ code, span, text: words, ...(closer === undefined ? {} : { fix: closer }) });
    };
    const template = text.includes('{{') ? 'Render the chart or template first, and lint what comes out.' : undefined;
    for (const problem of problems) report('K8S_YAML_INVALID', problem, problem.text, template);
    if (root === undefined || (root.kind === 'scalar' && root.value === null)) return;
    if (isMap(root)) for (const node of objectsOf(root)) this.#object(node, report);
    else report('K8S_DOCUMENT_INVALID', root, 'this document is not an object');
  }

  #object(node: MapNode, report: Report): void {
    const object = objectOf(node, report);
    if (object === undefined) return;
    const { apiVersion, kind } = object;
    const entry = kindOf(apiVersion, kind);
    if (entry === undefined) return checkKind(object, report);
    checkObject(node, entry, report);
    checkApplyDrift(node, entry.type, report);
    const level = namespaceLevelOf(object, report);
    if (level !== undefined) this.#namespaces.push(level);
    checkWebhooks(object, report);
    checkAutoscaler(object, report);
    if (kind === 'Node' && this.#nodes.length < mostNodes) this.#nodes.push(clusterNodeOf(node));
    const workload = workloadOf(object);
    if (workload !== undefined) this.#pod(enclavePodOf(workload), report);
  }

  #pod(pod: EnclavePod, report: Report): void {
    const { now, images = {}, taints = [] } = this.#options;
    checkResources(pod, report);
    checkWords(pod, report);
    checkImages(pod, images, report);
    checkProbes(pod, report);
    const placed = placedPodOf(pod, report);
    if (placed !== undefined) this.#pods.push(placed);
    if (!pod.holdsEnclaves) return;
    this.#workloads += 1;
    checkQuotes(pod, report);
    checkBoundary(pod, report);
    checkAzure(pod, now, report);
    checkTaints(pod, taints, report);
    const claim = epcClaimOf(pod, report);
    if (claim !== undefined) this.#claims.push(claim);
  }
}

function objectOf(node: MapNode, report: Report): KubernetesObject | undefined {
  const [apiVersion, kind] = [textOf(at(node, 'apiVersion')), textOf(at(node, 'kind'))];
  if (apiVersion !== undefined && kind !== undefined && kind !== '') return { node, apiVersion, kind };
  const missing = apiVersion === undefined ? 'apiVersion' : 'kind';
  report('K8S_DOCUMENT_INVALID', node, `${missing} is missing, or is not a string`);
  return undefined;
}

function checkKind({ node, apiVersion, kind }: KubernetesObject, report: Report): void {
  if (!isServedNowhere(apiVersion, kind)) return;
  const shown = [kind, apiVersion].map((text) => (text === '' ? '""' : text.slice(0, 100)));
  report('K8S_KIND_UNKNOWN', at(node, 'kind') ?? node, `Kubernetes has no ${shown.join(' in ')}`, () => {
    const current = kinds.findLast((entry) => entry.kind === kind);
    if (current !== undefined) return `apiVersion: ${current.apiVersion}`;
    const siblings = kinds.filter((entry) => entry.apiVersion === apiVersion);
    return meantBy(
      kind,
      siblings.map((entry) => entry.kind),
    );
  });
}

function diagnosticOf({ code, span, text: words, fix }: RawFinding, { file, text, linesBefore }: Place): LintFinding {
  const rule = lintRules[code];
  const suggestion = fix ?? rule.fix;
  const diagnostic = diagnosticAt({ file, text }, span, { code, text: words, suggestion });
  return Object.freeze({
    ...diagnostic,
    code,
    severity: rule.severity,
    suggestion,
    column: diagnostic.column ?? 1,
    line: (diagnostic.line ?? 1) + linesBefore,
  });
}
