import { dump } from 'js-yaml';

/**
 * An object as a document of YAML: keys in the order of the code, no anchors, and quotes wherever YAML 1.1 or 1.2 would read
 * something else than a string.
 */
export function yamlOf(object: object): string {
  return dump(object, { lineWidth: -1, noRefs: true, quoteStyle: 'double' });
}
