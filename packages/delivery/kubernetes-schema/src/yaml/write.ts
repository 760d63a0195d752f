import { dump, SCALAR_STYLE, visit } from 'js-yaml';
import { resolvePlain } from './scalar.ts';

const stringTag = 'tag:yaml.org,2002:str';

/**
 * An object as a document of YAML: keys in the order of the code, no anchors, and quotes wherever YAML 1.1, YAML 1.2 or
 * Kubernetes would read something else than a string.
 */
export function yamlOf(object: object): string {
  return dump(object, {
    lineWidth: -1,
    noRefs: true,
    quoteStyle: 'double',
    transform: (documents) =>
      visit(documents, (node) => {
        if (node.kind !== 'scalar' || node.tag !== stringTag) return;
        if (resolvePlain(node.value) !== node.value) node.style = SCALAR_STYLE.DOUBLE_QUOTED;
      }),
  });
}
