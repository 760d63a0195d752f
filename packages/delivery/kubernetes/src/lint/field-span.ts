import { keyOf, type Span, type YamlNode } from '@enclos/kubernetes-schema/yaml';

/** Where a field is, or where it should be. */
export function fieldSpan(node: YamlNode, name: string, otherwise: Span): Span {
  return node.kind === 'map' && node.fields.has(name) ? keyOf(node, name) : otherwise;
}
