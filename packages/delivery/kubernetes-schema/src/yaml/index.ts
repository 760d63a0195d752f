/** `@enclos/kubernetes-schema/yaml`: reads YAML as Kubernetes does, with the place of each value, and writes it. */
export {
  at,
  fieldsOf,
  isAbsent,
  isMap,
  isTrue,
  itemsOf,
  keyOf,
  mapsOf,
  numberOf,
  textOf,
  type Field,
  type ListNode,
  type MapNode,
  type ScalarNode,
  type Span,
  type YamlNode,
} from './node.ts';
export { readYaml, yamlLimits, type YamlDocument, type YamlProblem } from './read.ts';
export { yamlOf } from './write.ts';
