/** UTF-16 offsets into the text of a document, end exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface ScalarNode extends Span {
  readonly kind: 'scalar';
  /** As the API server's own YAML reader resolves it. */
  readonly value: string | number | boolean | null;
}

export interface Field {
  readonly key: Span;
  readonly value: YamlNode;
}

export interface MapNode extends Span {
  readonly kind: 'map';
  readonly fields: ReadonlyMap<string, Field>;
}

export interface ListNode extends Span {
  readonly kind: 'list';
  readonly items: readonly YamlNode[];
}

export type YamlNode = ScalarNode | MapNode | ListNode;

/** The node at `path`; undefined where a node on the way is missing or not a map. */
export function at(node: YamlNode | undefined, ...path: readonly string[]): YamlNode | undefined {
  let found = node;
  for (const name of path) found = found?.kind === 'map' ? found.fields.get(name)?.value : undefined;
  return found;
}

/** The key `name` of a map, to point at; the map itself where there is none. */
export function keyOf(node: YamlNode, name: string): Span {
  return (node.kind === 'map' ? node.fields.get(name)?.key : undefined) ?? node;
}

/** The text of a string; undefined for anything else. */
export function textOf(node: YamlNode | undefined): string | undefined {
  return node?.kind === 'scalar' && typeof node.value === 'string' ? node.value : undefined;
}

export function numberOf(node: YamlNode | undefined): number | undefined {
  return node?.kind === 'scalar' && typeof node.value === 'number' ? node.value : undefined;
}

export function isTrue(node: YamlNode | undefined): boolean {
  return node?.kind === 'scalar' && node.value === true;
}

/** The maps in a list; nothing for anything else. */
export function mapsOf(node: YamlNode | undefined): readonly MapNode[] {
  return node?.kind === 'list' ? node.items.filter((item) => item.kind === 'map') : [];
}

export function itemsOf(node: YamlNode | undefined): readonly YamlNode[] {
  return node?.kind === 'list' ? node.items : [];
}

export function fieldsOf(node: YamlNode | undefined): readonly (readonly [name: string, field: Field])[] {
  return node?.kind === 'map' ? [...node.fields] : [];
}

/** Absent and null are one to the API server. */
export function isAbsent(node: YamlNode | undefined): boolean {
  return node === undefined || (node.kind === 'scalar' && node.value === null);
}

export function isMap(node: YamlNode | undefined): node is MapNode {
  return node?.kind === 'map';
}
