import { fieldTable } from './fields.ts';
import { kindTable } from './kinds.ts';
import { linesOf, parsedOnce } from './table.ts';

export type ScalarType =
  | 'string'
  | 'boolean'
  | 'int32'
  | 'int64'
  | 'number'
  | 'quantity'
  | 'int-or-string'
  | 'time'
  | 'micro-time'
  | 'bytes'
  | 'any';

export type FieldType =
  | { readonly of: 'scalar'; readonly scalar: ScalarType }
  | { readonly of: 'list' | 'map'; readonly item: FieldType }
  | { readonly of: 'object'; readonly type: string };

export interface TypeField {
  readonly type: FieldType;
  readonly required: boolean;
}

export interface ObjectType {
  readonly fields: ReadonlyMap<string, TypeField>;
  readonly required: readonly string[];
}

export interface KindEntry {
  readonly apiVersion: string;
  readonly kind: string;
  readonly type: string;
  readonly namespaced: boolean;
}

const scalarTypes: ReadonlySet<string> = new Set<ScalarType>([
  'string',
  'boolean',
  'int32',
  'int64',
  'number',
  'quantity',
  'int-or-string',
  'time',
  'micro-time',
  'bytes',
  'any',
]);

function parseType(text: string): FieldType {
  if (text.startsWith('[')) return Object.freeze({ of: 'list', item: parseType(text.slice(1, -1)) });
  if (text.startsWith('{')) return Object.freeze({ of: 'map', item: parseType(text.slice(1, -1)) });
  // Everything else in the table is the name of a type that has its own line.
  if (scalarTypes.has(text)) return Object.freeze({ of: 'scalar', scalar: text as ScalarType });
  return Object.freeze({ of: 'object', type: text });
}

function parseFields(words: readonly string[]): ObjectType {
  const fields = new Map<string, TypeField>();
  for (const word of words) {
    const colon = word.indexOf(':');
    const required = word[colon - 1] === '!';
    const name = word.slice(0, required ? colon - 1 : colon);
    fields.set(name, { type: parseType(word.slice(colon + 1)), required });
  }
  return { fields, required: [...fields].filter(([, { required }]) => required).map(([name]) => name) };
}

const typeLines = linesOf(fieldTable);

/** The fields of a type of the table; undefined for a name that is not in it. */
export const typeOf: (name: string) => ObjectType | undefined = parsedOnce(typeLines, parseFields);

export const kinds: readonly KindEntry[] = Object.freeze(
  kindTable
    .trim()
    .split('\n')
    .map((line) => {
      const [apiVersion = '', kind = '', type = '', scope] = line.split(' ');
      return Object.freeze({ apiVersion, kind, type, namespaced: scope !== 'cluster' });
    }),
);

const byName: ReadonlyMap<string, KindEntry> = new Map(
  kinds.map((entry) => [`${entry.apiVersion} ${entry.kind}`, entry]),
);

export function kindOf(apiVersion: string, kind: string): KindEntry | undefined {
  return byName.get(`${apiVersion} ${kind}`);
}

/** Every type that has a line, for a test that walks them all. */
export function typeNames(): readonly string[] {
  return [...typeLines.keys()];
}
