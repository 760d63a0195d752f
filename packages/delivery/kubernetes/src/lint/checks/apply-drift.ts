import { typeOf, type FieldType } from '@enclos/kubernetes-schema';
import { fieldsOf, isMap, textOf, type MapNode, type YamlNode } from '@enclos/kubernetes-schema/yaml';
import type { Report } from '../report.ts';

/** What the API server stores otherwise than it is written, so that every apply is a change. */
export function checkApplyDrift(node: MapNode, typeName: string, report: Report): void {
  const stringData = node.fields.get('stringData');
  if (typeName === 'V1Secret' && isMap(stringData?.value)) {
    report('APPLY_DRIFT', stringData.key, 'stringData goes in, and comes out as data', 'Write data, in base64.');
  }
  checkStored(node, typeName, '', report);
}

function checkStored(node: MapNode, typeName: string, path: string, report: Report): void {
  const type = typeOf(typeName);
  if (type === undefined) return;
  for (const [name, { key, value }] of node.fields) {
    const field = type.fields.get(name);
    if (field === undefined || name === 'status') continue;
    const inner = path === '' ? name : `${path}.${name}`;
    if (field.type.of === 'object') {
      if (isMap(value)) checkStored(value, field.type.type, inner, report);
    } else if (isEmpty(value, field.type.of)) {
      // kubectl itself adds an annotation to every object.
      if (!field.required && inner !== 'metadata.annotations') {
        report('APPLY_DRIFT', key, `the API server does not keep the empty ${inner}`);
      }
    } else if (isBytes(field.type)) {
      if ([value, ...fieldsOf(value).map(([, inside]) => inside.value)].some(isWrapped)) {
        report('APPLY_DRIFT', key, `${inner} has base64 with line breaks`, 'Write the base64 on one line.');
      }
    } else if (field.type.of === 'list' && field.type.item.of === 'object' && value.kind === 'list') {
      const itemType = field.type.item.type;
      for (const [index, item] of value.items.entries()) {
        if (isMap(item)) checkStored(item, itemType, `${inner}[${index}]`, report);
      }
    }
  }
}

function isBytes(type: FieldType): boolean {
  return (type.of === 'scalar' && type.scalar === 'bytes') || (type.of === 'map' && isBytes(type.item));
}

/** The API server takes base64 on several lines, and gives it back on one. */
function isWrapped(node: YamlNode): boolean {
  return /[\r\n]/.test(textOf(node) ?? '');
}

function isEmpty(value: YamlNode, of: string): boolean {
  if (of === 'list') return value.kind === 'list' && value.items.length === 0;
  return of === 'map' && isMap(value) && value.fields.size === 0;
}
