import { addDefaults } from './defaults.ts';
import { customKinds, fieldsOf, type Shape } from './types.ts';
import { isPlain, quantityText, type Plain } from './values.ts';

/** How an object is read: as the API server holds it in memory, or as it writes it out. */
export interface Reading {
  /** In memory an empty list is not the same as none. */
  readonly keepsEmpty?: boolean;
}

/** An object as the API server reads it: strictly by its type, with defaults, and with what is empty left out. */
export function stored(object: Plain, reading: Reading = {}): Plain {
  const { apiVersion, kind, metadata, ...others } = object;
  const name = String(kind);
  const head = {
    apiVersion,
    kind,
    metadata: read(metadata, { of: 'object', type: 'Metadata', isReplaced: false }, 'metadata', reading),
  };
  if (customKinds.has(name)) return { ...head, ...others };
  const body = readObject(others, name, name, reading);
  return isPlain(body) ? { ...head, ...body } : head;
}

function readObject(value: Plain, type: string, path: string, reading: Reading): Plain {
  const fields = fieldsOf(type);
  const unknown = Object.keys(value).find((name) => !fields.has(name));
  if (unknown !== undefined) throw new Error(`unknown field "${path}.${unknown}"`);
  const read1: Record<string, unknown> = {};
  for (const [name, { shape, isPointer }] of fields) {
    const found = value[name];
    if (found === undefined || found === null) continue;
    const inner = read(found, shape, `${path}.${name}`, reading);
    if (isPointer || isKept(inner, shape, reading)) read1[name] = inner;
  }
  return addDefaults(type, read1, (inner, innerType) => readObject(inner, innerType, path, reading));
}

/** `omitempty` of encoding/json: zero values go, structs stay. */
function isKept(value: unknown, shape: Shape, { keepsEmpty = false }: Reading): boolean {
  if (shape.of === 'object' || shape.of === 'either' || shape.of === 'quantity') return true;
  if (Array.isArray(value)) return keepsEmpty || value.length > 0;
  if (isPlain(value)) return keepsEmpty || Object.keys(value).length > 0;
  return value !== '' && value !== 0 && value !== false;
}

function read(value: unknown, shape: Shape, path: string, reading: Reading): unknown {
  switch (shape.of) {
    case 'object':
      return readObject(isPlain(value) ? value : wrong(path, 'an object'), shape.type, path, reading);
    case 'list':
      if (!Array.isArray(value)) return wrong(path, 'a list');
      return value.map((item, index) => read(item, shape.item, `${path}[${index}]`, reading));
    case 'map':
      if (!isPlain(value)) return wrong(path, 'a map');
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, readMapItem(item, shape.item, `${path}.${key}`)]),
      );
    case 'quantity':
      return quantityText(value, false);
    case 'text':
    case 'bytes':
      return typeof value === 'string' ? value : wrong(path, 'text');
    case 'flag':
      return typeof value === 'boolean' ? value : wrong(path, 'a boolean');
    case 'number':
      return Number.isInteger(value) ? value : wrong(path, 'a whole number');
    case 'either':
      return typeof value === 'string' || Number.isInteger(value) ? value : wrong(path, 'text or a whole number');
    case 'anything':
      return value;
  }
}

/** Amounts of resources are rounded up to thousandths (SetDefaults_ResourceList). */
function readMapItem(value: unknown, shape: Shape, path: string): unknown {
  if (shape.of === 'quantity') return quantityText(value, true);
  return typeof value === 'string' ? value : wrong(path, 'text');
}

function wrong(path: string, what: string): never {
  throw new Error(`${path} must be ${what}`);
}
