import { linesOf, parsedOnce } from './table.ts';
import { typeOf } from './types.ts';
import { oneOfTable, valueTable } from './value-table.ts';

/** Forms of single values. */
export const textForms = [
  'label',
  'service-name',
  'subdomain',
  'qualified',
  'lower-qualified',
  'path-segment',
  'domain-path',
  'fully-qualified',
  'host',
  'port',
  'target-port',
  'port-name',
  'variable',
  'key',
  'percent',
  'part-percent',
  'address',
  'network',
  'any-path',
  'absolute-path',
  'relative-path',
  'file-path',
  'profile-path',
  'header',
  'sysctl',
  'driver',
  'schedule',
  'time-zone',
  'search-domain',
] as const;
/** Forms of maps. */
export const mapForms = ['labels', 'annotations', 'keys'] as const;
export type TextForm = (typeof textForms)[number];
export type MapForm = (typeof mapForms)[number];

export type ValueRule = {
  /** An empty text is refused too: the field has no default, or one only where it is absent. */
  readonly refusesEmpty: boolean;
} & (
  | { readonly of: 'values'; readonly values: ReadonlySet<string> }
  | { readonly of: 'range'; readonly least: number; readonly most: number }
  | { readonly of: 'form'; readonly form: TextForm }
  | { readonly of: 'map'; readonly form: MapForm }
);

export interface OneOf {
  /** In alphabetical order. */
  readonly fields: readonly string[];
  readonly required: boolean;
}

function parseRule(text: string, refusesEmpty: boolean): ValueRule {
  const form = text.startsWith('@') ? text.slice(1) : undefined;
  const mapForm = mapForms.find((known) => known === form);
  if (mapForm !== undefined) return Object.freeze({ of: 'map', form: mapForm, refusesEmpty });
  // The table names no other forms: a test walks it.
  if (form !== undefined) return Object.freeze({ of: 'form', form: form as TextForm, refusesEmpty });
  const [, least, most] = /^(\d+)\.\.(\d*)$/.exec(text) ?? [];
  if (least === undefined) return Object.freeze({ of: 'values', values: new Set(text.split('|')), refusesEmpty });
  return Object.freeze({
    of: 'range',
    refusesEmpty,
    least: Number(least),
    most: most === undefined || most === '' ? Number.MAX_SAFE_INTEGER : Number(most),
  });
}

function parseRules(words: readonly string[]): ReadonlyMap<string, ValueRule> {
  return new Map(
    words.map((word): readonly [string, ValueRule] => {
      const equals = word.indexOf('=');
      const name = word.slice(0, equals);
      const refusesEmpty = name.endsWith('*');
      return [refusesEmpty ? name.slice(0, -1) : name, parseRule(word.slice(equals + 1), refusesEmpty)];
    }),
  );
}

function parseOneOf([count, ...words]: readonly string[], type: string): OneOf {
  const others = words.filter((word) => word.startsWith('!')).map((word) => word.slice(1));
  const named = words.filter((word) => !word.startsWith('!'));
  const all = [...(typeOf(type)?.fields.keys() ?? [])].filter((field) => !others.includes(field));
  return Object.freeze({ fields: named.length > 0 ? named : all, required: count === '1' });
}

const valueLines = linesOf(valueTable);
const oneOfLines = linesOf(oneOfTable);

/** What the fields of a type may hold, by their names. */
export const valueRulesOf: (type: string) => ReadonlyMap<string, ValueRule> | undefined = parsedOnce(
  valueLines,
  parseRules,
);

export const oneOfOf: (type: string) => OneOf | undefined = parsedOnce(oneOfLines, parseOneOf);

/** Every type that one of the tables has, for a test that walks them all. */
export function typesWithRules(): readonly string[] {
  return [...valueLines.keys(), ...oneOfLines.keys()];
}
