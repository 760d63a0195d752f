import { typeOf } from '@enclos/kubernetes-schema';
import { isMap, type MapNode, type YamlNode } from '@enclos/kubernetes-schema/yaml';
import type { Report } from '../report.ts';

/** Lists of these are kept when they are empty (no `omitempty` in k8s.io/api). */
const keptEmpty: ReadonlySet<string> = new Set(['V1ClusterRole.rules', 'V1Role.rules']);

/** What the API server stores otherwise than it is written, so that every apply is a change. */
export function checkApplyDrift(node: MapNode, typeName: string, report: Report): void {
  const stringData = node.fields.get('stringData');
  if (typeName === 'V1Secret' && isMap(stringData?.value)) {
    report('APPLY_DRIFT', stringData.key, 'stringData goes in, and comes out as data', 'Write data, in base64.');
  }
  checkEmpty(node, typeName, '', report);
}

function checkEmpty(node: MapNode, typeName: string, path: string, report: Report): void {
  const type = typeOf(typeName);
  if (type === undefined) return;
  for (const [name, { key, value }] of node.fields) {
    const field = type.fields.get(name);
    if (field === undefined || name === 'status') continue;
    const inner = path === '' ? name : `${path}.${name}`;
    if (field.type.of === 'object') {
      if (isMap(value)) checkEmpty(value, field.type.type, inner, report);
    } else if (isEmpty(value, field.type.of)) {
      // kubectl itself adds an annotation to every object.
      const isKept = field.required || keptEmpty.has(`${typeName}.${name}`) || inner === 'metadata.annotations';
      if (!isKept) report('APPLY_DRIFT', key, `the API server does not keep the empty ${inner}`);
    } else if (field.type.of === 'list' && field.type.item.of === 'object' && value.kind === 'list') {
      const itemType = field.type.item.type;
      for (const [index, item] of value.items.entries()) {
        if (isMap(item)) checkEmpty(item, itemType, `${inner}[${index}]`, report);
      }
    }
  }
}

function isEmpty(value: YamlNode, of: string): boolean {
  if (of === 'list') return value.kind === 'list' && value.items.length === 0;
  return of === 'map' && isMap(value) && value.fields.size === 0;
}
