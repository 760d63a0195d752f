import { at, fieldsOf, itemsOf, keyOf, mapsOf, textOf, type MapNode, type Span } from '@enclos/kubernetes-schema/yaml';

export interface SelectedValue {
  readonly value: string;
  readonly span: Span;
}

/** The values of a node label that a pod asks for, by selector or by affinity, required or preferred. */
export function selectedValues(spec: MapNode, label: string): readonly SelectedValue[] {
  const direct = at(spec, 'nodeSelector', label);
  const affinity = at(spec, 'affinity', 'nodeAffinity');
  const terms = [
    ...mapsOf(at(affinity, 'requiredDuringSchedulingIgnoredDuringExecution', 'nodeSelectorTerms')),
    ...mapsOf(at(affinity, 'preferredDuringSchedulingIgnoredDuringExecution')).flatMap((preferred) => {
      const term = at(preferred, 'preference');
      return term?.kind === 'map' ? [term] : [];
    }),
  ];
  const expressions = terms
    .flatMap((term) => mapsOf(at(term, 'matchExpressions')))
    .filter((expression) => textOf(at(expression, 'key')) === label && textOf(at(expression, 'operator')) === 'In');
  return [
    ...(direct === undefined ? [] : [direct]),
    ...expressions.flatMap((one) => itemsOf(at(one, 'values'))),
  ].flatMap((node) => {
    const value = textOf(node);
    return value === undefined ? [] : [{ value, span: node }];
  });
}

export interface Taint {
  readonly key: string;
  readonly value: string;
  readonly effect: string;
}

/** As `kubectl taint` writes it. */
export function taintText({ key, value, effect }: Taint): string {
  return `${key}${value === '' ? '' : `=${value}`}:${effect}`;
}

/** A toleration of a pod; an empty word is one that was not written. */
export interface Toleration {
  readonly key: string;
  readonly exists: boolean;
  readonly value: string;
  readonly effect: string;
}

export function tolerationsOf(spec: MapNode): readonly Toleration[] {
  return mapsOf(at(spec, 'tolerations')).map((node) => {
    const word = (name: string): string => textOf(at(node, name)) ?? '';
    return { key: word('key'), exists: word('operator') === 'Exists', value: word('value'), effect: word('effect') };
  });
}

/** Whether one of the tolerations covers the taint (k8s.io/api/core/v1, ToleratesTaint). */
export function tolerates(tolerations: readonly Toleration[], taint: Taint): boolean {
  // PreferNoSchedule keeps no pod away.
  if (taint.effect !== 'NoSchedule' && taint.effect !== 'NoExecute') return true;
  return tolerations.some(({ key, exists, value, effect }) => {
    if (effect !== '' && effect !== taint.effect) return false;
    return key === '' ? exists : key === taint.key && (exists || value === taint.value);
  });
}

/** Where a toleration belongs: the list, or the spec. */
export function tolerationSpan(spec: MapNode, otherwise: Span): Span {
  return spec.fields.has('tolerations') ? keyOf(spec, 'tolerations') : otherwise;
}

export function tolerationText({ key, value, effect }: Taint): string {
  const match = value === '' ? 'operator: Exists' : `operator: Equal, value: ${JSON.stringify(value)}`;
  return `tolerations: [{key: ${key}, ${match}, effect: ${effect}}]`;
}

/** A node of a cluster, from `kubectl get nodes -o yaml`. */
export interface ClusterNode {
  readonly labels: ReadonlyMap<string, string>;
  readonly taints: readonly Taint[];
  readonly resources: ReadonlyMap<string, string>;
}

export function clusterNodeOf(node: MapNode): ClusterNode {
  const words = (...path: readonly string[]): ReadonlyMap<string, string> =>
    new Map(
      fieldsOf(at(node, ...path)).map(([name, { value }]) => [
        name,
        value.kind === 'scalar' ? String(value.value) : '',
      ]),
    );
  const allocatable = words('status', 'allocatable');
  return {
    labels: words('metadata', 'labels'),
    resources: allocatable.size > 0 ? allocatable : words('status', 'capacity'),
    taints: mapsOf(at(node, 'spec', 'taints')).map((taint) => ({
      key: textOf(at(taint, 'key')) ?? '',
      value: textOf(at(taint, 'value')) ?? '',
      effect: textOf(at(taint, 'effect')) ?? '',
    })),
  };
}

/** Reads what `kubectl taint` takes, KEY[=VALUE]:EFFECT; undefined for anything else. */
export function parseTaint(text: string): Taint | undefined {
  const [whole, key = '', value = '', effect = ''] =
    /^([\w./-]{1,317})(?:=([\w.-]{0,63}))?:(NoSchedule|NoExecute|PreferNoSchedule)$/.exec(text) ?? [];
  return whole === undefined ? undefined : { key, value, effect };
}
