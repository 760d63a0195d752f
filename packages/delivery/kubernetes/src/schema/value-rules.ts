import { typeOf } from './types.ts';
import { oneOfTable, valueTable } from './value-table.ts';

export type ValueForm =
  | 'label'
  | 'subdomain'
  | 'port'
  | 'target-port'
  | 'port-name'
  | 'variable'
  | 'labels'
  | 'annotations'
  | 'keys';

export type ValueRule =
  | { readonly of: 'values'; readonly values: ReadonlySet<string> }
  | { readonly of: 'range'; readonly least: number; readonly most: number }
  | { readonly of: 'form'; readonly form: ValueForm };

export interface OneOf {
  /** In alphabetical order. */
  readonly fields: readonly string[];
  readonly required: boolean;
}

function parseRule(text: string): ValueRule {
  // The table names no other forms: a test walks it.
  if (text.startsWith('@')) return Object.freeze({ of: 'form', form: text.slice(1) as ValueForm });
  const [, least, most] = /^(\d+)\.\.(\d*)$/.exec(text) ?? [];
  if (least === undefined) return Object.freeze({ of: 'values', values: new Set(text.split('|')) });
  return Object.freeze({
    of: 'range',
    least: Number(least),
    most: most === undefined || most === '' ? Number.MAX_SAFE_INTEGER : Number(most),
  });
}

const linesOf = (table: string): readonly (readonly string[])[] =>
  table
    .trim()
    .replaceAll('\n ', ' ')
    .split('\n')
    .map((line) => line.split(' '));

const valueRules: ReadonlyMap<string, ReadonlyMap<string, ValueRule>> = new Map(
  linesOf(valueTable).map(([type = '', ...words]) => {
    const rules = words.map((word): readonly [string, ValueRule] => {
      const equals = word.indexOf('=');
      return [word.slice(0, equals), parseRule(word.slice(equals + 1))];
    });
    return [type, new Map(rules)];
  }),
);

const oneOfs: ReadonlyMap<string, OneOf> = new Map(
  linesOf(oneOfTable).map(([type = '', count, ...words]) => {
    const others = words.filter((word) => word.startsWith('!')).map((word) => word.slice(1));
    const named = words.filter((word) => !word.startsWith('!'));
    const all = [...(typeOf(type)?.fields.keys() ?? [])].filter((field) => !others.includes(field));
    return [type, Object.freeze({ fields: named.length > 0 ? named : all, required: count === '1' })];
  }),
);

/** What the fields of a type may hold, by their names. */
export function valueRulesOf(type: string): ReadonlyMap<string, ValueRule> | undefined {
  return valueRules.get(type);
}

export function oneOfOf(type: string): OneOf | undefined {
  return oneOfs.get(type);
}

/** Every type that one of the tables has, for a test that walks them all. */
export function typesWithRules(): readonly string[] {
  return [...valueRules.keys(), ...oneOfs.keys()];
}
