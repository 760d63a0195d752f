import {
  at,
  fieldsOf,
  isMap,
  type MapNode,
  mapsOf,
  numberOf,
  type Span,
  textOf,
  type YamlNode,
} from '@enclos/kubernetes-schema/yaml';

/** One object of a document: the document itself, or an item of a List. */
export interface KubernetesObject {
  readonly node: MapNode;
  readonly apiVersion: string;
  readonly kind: string;
}

export interface Container {
  readonly node: MapNode;
  readonly name: string;
  /** Its image, or where it is missing. */
  readonly list: 'containers' | 'initContainers' | 'ephemeralContainers';
  /** To point at, when something is missing from it. */
  readonly span: Span;
}

/** What makes pods: a Pod, or anything with a pod template. */
export interface Workload {
  readonly object: KubernetesObject;
  /** The pod's metadata and spec, of the template where there is one. */
  readonly pod: MapNode;
  readonly spec: MapNode;
  readonly specSpan: Span;
  readonly annotations: ReadonlyMap<string, PodWord>;
  readonly labels: ReadonlyMap<string, PodWord>;
  readonly containers: readonly Container[];
  /** Pods that run at once, as far as the manifest says. */
  readonly replicas: number;
}

/** A label or an annotation. */
export interface PodWord {
  readonly text: string;
  readonly key: Span;
  readonly value: Span;
}

const templates: Readonly<Record<string, readonly string[]>> = {
  Pod: [],
  PodTemplate: ['template'],
  Deployment: ['spec', 'template'],
  ReplicaSet: ['spec', 'template'],
  ReplicationController: ['spec', 'template'],
  StatefulSet: ['spec', 'template'],
  DaemonSet: ['spec', 'template'],
  Job: ['spec', 'template'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
};

const containerLists = ['containers', 'initContainers', 'ephemeralContainers'] as const;

/** Undefined for an object that makes no pods. */
export function workloadOf(object: KubernetesObject): Workload | undefined {
  const path = Object.hasOwn(templates, object.kind) ? templates[object.kind] : undefined;
  if (path === undefined) return undefined;
  const pod = at(object.node, ...path);
  const spec = at(pod, 'spec');
  if (!isMap(pod) || !isMap(spec)) return undefined;
  return {
    object,
    pod,
    spec,
    specSpan: pod.fields.get('spec')?.key ?? spec,
    annotations: wordsOf(at(pod, 'metadata', 'annotations')),
    labels: wordsOf(at(pod, 'metadata', 'labels')),
    containers: containerLists.flatMap((list) =>
      mapsOf(at(spec, list)).map((node): Container => {
        const name = at(node, 'name');
        return { node, name: textOf(name) ?? '', list, span: name ?? node };
      }),
    ),
    replicas: replicasOf(object),
  };
}

function wordsOf(node: YamlNode | undefined): ReadonlyMap<string, PodWord> {
  return new Map(
    fieldsOf(node).map(([name, { key, value }]) => {
      const text = value.kind === 'scalar' && value.value !== null ? String(value.value) : '';
      return [name, { text, key, value }];
    }),
  );
}

function replicasOf({ node, kind }: KubernetesObject): number {
  const field = kind === 'Job' ? 'parallelism' : 'replicas';
  return Math.max(0, numberOf(at(node, 'spec', field)) ?? 1);
}

/** The objects of a document: the items of a List each for itself. */
export function objectsOf(root: MapNode): readonly MapNode[] {
  const kind = textOf(at(root, 'kind')) ?? '';
  const items = at(root, 'items');
  return kind.endsWith('List') && items?.kind === 'list' ? mapsOf(items) : [root];
}

/** Environment of a container by name. A value from elsewhere counts as set. */
export function environmentOf({
  node,
}: Container): ReadonlyMap<string, { readonly text: string; readonly span: Span }> {
  return new Map(
    mapsOf(at(node, 'env')).map((entry) => {
      const value = at(entry, 'value');
      const text = value?.kind === 'scalar' ? String(value.value ?? '') : '';
      return [textOf(at(entry, 'name')) ?? '', { text, span: at(entry, 'name') ?? entry }];
    }),
  );
}
