import { typeOf, type FieldType, type ScalarType } from '../schema/types.ts';
import { isAbsent, keyOf, type MapNode, type ScalarNode, type Span, type YamlNode } from '../yaml/node.ts';
import type { ObjectPlace } from './checks/object-place.ts';
import { checkValues } from './checks/values.ts';
import { parseQuantity } from './quantity.ts';
import { meantBy, type Report } from './report.ts';

/** The findings of the API server's strict decoder: unknown fields, wrong types and missing fields. */
export function checkFields(node: MapNode, typeName: string, report: Report): void {
  checkObject(node, { typeName, path: '', span: node }, report);
}

function checkObject(node: MapNode, { typeName, path, span }: ObjectPlace, report: Report): void {
  const type = typeOf(typeName);
  if (type === undefined) return;
  for (const [name, { key, value }] of node.fields) {
    const field = type.fields.get(name);
    const inner = path === '' ? name : `${path}.${name}`;
    if (field === undefined) {
      report('K8S_FIELD_UNKNOWN', key, `unknown field "${inner}"`, () => meantBy(name, type.fields.keys()));
    } else checkValue(value, field.type, { path: inner, span: key }, report);
  }
  for (const name of type.required) {
    if (!isAbsent(node.fields.get(name)?.value)) continue;
    const missing = path === '' ? name : `${path}.${name}`;
    report('K8S_FIELD_MISSING', node.fields.get(name)?.key ?? span, `"${missing}" is missing`, `Add "${name}".`);
  }
  checkValues(node, { typeName, path, span }, report);
}

function checkValue(node: YamlNode, type: FieldType, place: Omit<ObjectPlace, 'typeName'>, report: Report): void {
  // A null stands for an absent value of any type.
  if (isAbsent(node)) return;
  switch (type.of) {
    case 'scalar':
      return checkScalar(node, type.scalar, place, report);
    case 'object':
      if (node.kind !== 'map') return refuse(node, 'a map of fields', place, report);
      return checkObject(node, { ...place, typeName: type.type }, report);
    case 'map':
      if (node.kind !== 'map') return refuse(node, 'a map', place, report);
      for (const [name, { key, value }] of node.fields) {
        checkValue(value, type.item, { path: `${place.path}["${name}"]`, span: key }, report);
      }
      return;
    case 'list':
      if (node.kind !== 'list') return refuse(node, 'a list', place, report);
      for (const [index, item] of node.items.entries()) {
        checkValue(item, type.item, { path: `${place.path}[${index}]`, span: item }, report);
      }
  }
}

const wanted: Readonly<Record<ScalarType, string>> = {
  string: 'a string',
  boolean: 'true or false',
  int32: 'a whole number of 32 bits',
  int64: 'a whole number',
  number: 'a number',
  quantity: 'a quantity such as "10Mi"',
  'int-or-string': 'a whole number or a string',
  time: 'a time such as "2026-01-31T12:00:00Z"',
  bytes: 'bytes in base64',
  any: 'anything',
};

function checkScalar(node: YamlNode, type: ScalarType, place: Omit<ObjectPlace, 'typeName'>, report: Report): void {
  if (type === 'any') return;
  if (node.kind !== 'scalar' || !fits(node, type)) refuse(node, wanted[type], place, report);
  else if (type === 'quantity' && parseQuantity(String(node.value)) === undefined) {
    report('SGX_RESOURCE_QUANTITY', node, `${place.path}: ${JSON.stringify(node.value)} is not a quantity`);
  }
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

function fits({ value }: ScalarNode, type: ScalarType): boolean {
  switch (type) {
    case 'string':
      return typeof value === 'string';
    case 'boolean':
      return typeof value === 'boolean';
    case 'int32':
      return Number.isInteger(value) && Math.abs(Number(value)) <= 2 ** 31;
    case 'int64':
      return Number.isInteger(value);
    case 'number':
      return typeof value === 'number';
    case 'quantity':
      return typeof value === 'string' || typeof value === 'number';
    case 'int-or-string':
      return typeof value === 'string' || Number.isInteger(value);
    case 'time':
      return typeof value === 'string' && time.test(value);
    case 'bytes':
      return typeof value === 'string' && base64.test(value.replaceAll(/[\r\n]/g, ''));
    case 'any':
      return true;
  }
}

function refuse(node: YamlNode, what: string, { path, span }: Omit<ObjectPlace, 'typeName'>, report: Report): void {
  const found = node.kind === 'scalar' ? describe(node) : node.kind === 'map' ? 'a map' : 'a list';
  const quoted = node.kind === 'scalar' && what.startsWith('a string') ? `Put it in quotes.` : undefined;
  report('K8S_TYPE_WRONG', node.kind === 'scalar' ? node : span, `${path} is ${found}, and must be ${what}`, quoted);
}

function describe({ value }: ScalarNode): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  const shown = text.length > 60 ? `${text.slice(0, 57)}...` : text;
  return typeof value === 'boolean'
    ? `the boolean ${shown}`
    : typeof value === 'number'
      ? `the number ${shown}`
      : shown;
}

/** Where a field is, or where it should be. */
export function fieldSpan(node: YamlNode, name: string, otherwise: Span): Span {
  return node.kind === 'map' && node.fields.has(name) ? keyOf(node, name) : otherwise;
}
