import { toHex, utf8 } from '@enclos/codec';
import type { ForeignTypes } from '../layout/foreign.ts';
import type { EdlModel } from '@enclos/edl-compiler';
import { refuseName } from './names.ts';

interface ConstantOptions {
  readonly foreign?: ForeignTypes;
  readonly userCheck?: readonly string[];
  readonly sha256: (bytes: Uint8Array) => Uint8Array;
}

/** The interface of a module as a literal, a line for each function and type, and its digest. */
export function constantText(
  model: EdlModel,
  { foreign = {}, userCheck = [], sha256 }: ConstantOptions,
): { readonly text: string; readonly digest: string } {
  for (const name of Object.keys(foreign)) if (name === '__proto__') refuseName(name, 'a foreign type');
  const parts = { model, foreign, userCheck: [...userCheck].sort() };
  return { text: literal(parts), digest: toHex(sha256(utf8(JSON.stringify(sorted(parts))))) };
}

/** JSON is TypeScript. Objects of two levels, and their lists, are broken into lines. */
function literal(value: unknown, depth = 0): string {
  const pad = '  '.repeat(depth + 1);
  const end = '  '.repeat(depth);
  if (Array.isArray(value) && depth === 2 && value.length > 0) {
    return `[\n${value.map((item) => `${pad}${json(sorted(item))},\n`).join('')}${end}]`;
  }
  if (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    depth < 2 &&
    Object.keys(value).length > 0
  ) {
    const entries = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1));
    return `{\n${entries.map(([key, item]) => `${pad}${keyText(key)}: ${literal(item, depth + 1)},\n`).join('')}${end}}`;
  }
  return json(sorted(value));
}

/** In ASCII: a name of a header could otherwise turn around how the line reads (UTR 36, 2.2), or end it. */
const json = (value: unknown): string => JSON.stringify(value).replaceAll(/[^ -~]/g, escaped);
const escaped = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

function keyText(key: string): string {
  return /^[A-Za-z]\w*$/.test(key) ? key : json(key);
}

/** The same with the properties of each object in order: how a model was made does not change what is written. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}
