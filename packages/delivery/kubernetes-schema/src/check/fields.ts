import { presenceOf } from '../schema/presence.ts';
import { typeOf, type FieldType, type ScalarType } from '../schema/types.ts';
import { isAbsent, type MapNode, type ScalarNode, type YamlNode } from '../yaml/node.ts';
import { parseQuantity } from '../forms/quantity.ts';
import { meantBy, type Report } from '../report.ts';
import { checkTogether } from '../rules/index.ts';
import { checkValues } from './values.ts';
import { emptyMap, View, type ObjectPlace } from '../view/view.ts';

/** Where a value is, and what is asked of it. */
interface ValuePlace extends ObjectPlace {
  /** The server does not read the status of a manifest beyond its types. */
  readonly typesOnly: boolean;
}

/** What the API server refuses in the fields of an object: while it decodes it, and then while it validates it. */
export function checkFields(node: MapNode, typeName: string, report: Report): void {
  checkObject(node, typeName, { path: '', span: node, typesOnly: false }, report);
}

function checkObject(node: MapNode, typeName: string, place: ValuePlace, report: Report): void {
  const type = typeOf(typeName);
  if (type === undefined) return;
  const view = new View(node, typeName, place, report);
  const unread = unreadFields.get(typeName);
  const unknown: string[] = [];
  for (const [name, { key, value }] of node.fields) {
    const field = type.fields.get(name);
    const path = view.pathOf(name);
    if (field === undefined) {
      unknown.push(name);
      report('K8S_FIELD_UNKNOWN', key, `unknown field "${path}"`, () => meantBy(name, type.fields.keys()));
      continue;
    }
    const typesOnly = place.typesOnly || (place.path === '' && name === 'status') || unread === name;
    checkValue(value, field.type, { path, span: key, parent: view, typesOnly }, report);
  }
  if (place.typesOnly) return;
  const { required, always } = presenceOf(typeName);
  for (const name of required) {
    if (!isEmpty(node.fields.get(name)?.value)) continue;
    // A slip in the name of the field has been reported.
    if (!unknown.slice(0, mostSlips).some((other) => meantBy(other, [name]) !== undefined)) view.missing(name);
  }
  for (const name of always) {
    const inner = type.fields.get(name)?.type;
    if (inner?.of !== 'object' || view.has(name)) continue;
    const missing: ValuePlace = { path: view.pathOf(name), span: view.spanOf(name), parent: view, typesOnly: false };
    checkObject(emptyMap(missing.span), inner.type, missing, report);
  }
  checkValues(view);
  checkTogether(view);
}

const mostSlips = 10;

/** Fields whose inside the server does not validate, by the types that have them. */
const unreadFields: ReadonlyMap<string, string> = new Map([['V2MetricIdentifier', 'selector']]);

/** Absent, null, empty text and an empty list are one to the API server. An empty map is not: it may be a selector. */
function isEmpty(node: YamlNode | undefined): boolean {
  if (isAbsent(node)) return true;
  return (node?.kind === 'scalar' && node.value === '') || (node?.kind === 'list' && node.items.length === 0);
}

function checkValue(node: YamlNode, type: FieldType, place: ValuePlace, report: Report): void {
  // A null stands for an absent value of any type.
  if (isAbsent(node)) return;
  switch (type.of) {
    case 'scalar':
      return checkScalar(node, type.scalar, place, report);
    case 'object':
      if (node.kind !== 'map') return refuse(node, 'a map of fields', place, report);
      return checkObject(node, type.type, place, report);
    case 'map':
      if (node.kind !== 'map') return refuse(node, 'a map', place, report);
      for (const [name, { key, value }] of node.fields) {
        checkValue(value, type.item, { ...place, path: `${place.path}["${name}"]`, span: key }, report);
      }
      return;
    case 'list':
      if (node.kind !== 'list') return refuse(node, 'a list', place, report);
      for (const [index, item] of node.items.entries()) {
        const inner = { ...place, path: `${place.path}[${index}]`, span: item };
        // In a list of objects, null is an object without fields.
        const value = isAbsent(item) && type.item.of === 'object' ? emptyMap(item) : item;
        checkValue(value, type.item, inner, report);
      }
  }
}

const wanted: Readonly<Record<ScalarType, string>> = {
  string: 'a string',
  boolean: 'true or false',
  int32: 'a whole number of 32 bits',
  int64: 'a whole number of 64 bits',
  number: 'a number',
  quantity: 'a quantity such as "10Mi"',
  'int-or-string': 'a whole number of 32 bits or a string',
  time: 'a time such as "2026-01-31T12:00:00Z"',
  'micro-time': 'a time such as "2026-01-31T12:00:00.000000Z"',
  bytes: 'bytes in base64',
  any: 'anything',
};

function checkScalar(node: YamlNode, type: ScalarType, place: ValuePlace, report: Report): void {
  if (type === 'any') return;
  if (node.kind !== 'scalar' || !fits(node, type)) refuse(node, wanted[type], place, report);
  else if (type === 'quantity' && parseQuantity(String(node.value)) === undefined) {
    const shown = JSON.stringify(node.value).slice(0, 80);
    report('SGX_RESOURCE_QUANTITY', node, `${place.path}: ${shown} is not a quantity`);
  }
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

const microTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(?:Z|[+-]\d\d:\d\d)$/;

const isInteger = (value: ScalarNode['value'], bits: number): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value >= -(2 ** (bits - 1)) && value < 2 ** (bits - 1);

function fits({ value }: ScalarNode, type: ScalarType): boolean {
  switch (type) {
    case 'string':
      return typeof value === 'string';
    case 'boolean':
      return typeof value === 'boolean';
    case 'int32':
      return isInteger(value, 32);
    case 'int64':
      return isInteger(value, 64);
    case 'number':
      return typeof value === 'number';
    case 'quantity':
      return typeof value === 'string' || typeof value === 'number';
    case 'int-or-string':
      return typeof value === 'string' || isInteger(value, 32);
    case 'time':
      return typeof value === 'string' && time.test(value);
    case 'micro-time':
      return typeof value === 'string' && microTime.test(value);
    case 'bytes':
      return typeof value === 'string' && base64.test(value.replaceAll(/[\r\n]/g, ''));
    case 'any':
      return true;
  }
}

function refuse(node: YamlNode, what: string, { path, span }: ValuePlace, report: Report): void {
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
