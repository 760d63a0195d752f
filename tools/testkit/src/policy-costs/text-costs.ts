import { json, letters, list, longNumber, members, queryOf, type CostOf } from './case.ts';

/** Reading and writing JSON, and reading queries. */
export const textCosts: Readonly<Record<string, CostOf>> = {
  'JSON: numbers': (size) => queryOf(`[${list(size, () => '1').join()}]`, 'type(@)'),
  'JSON: fractions': (size) => queryOf(`[${list(size, () => longNumber).join()}]`, 'type(@)'),
  'JSON: large numbers': (size) =>
    queryOf(`[${list(size, () => '1234567890123456789012345678901234567890').join()}]`, 'type(@)'),
  'JSON: escapes': (size) => queryOf(`"${'\\n'.repeat(size)}"`, 'type(@)'),
  'JSON: escapes by number': (size) => queryOf(`"${'\\u0041'.repeat(size)}"`, 'type(@)'),
  'JSON: empty objects': (size) => queryOf(`[${list(size, () => '{}').join()}]`, 'type(@)'),
  'JSON: small objects': (size) => queryOf(`[${list(size, () => '{"":0}').join()}]`, 'type(@)'),
  'JSON: many members': (size) => queryOf(json(members(size)), 'type(@)'),
  'JSON: empty lists': (size) => queryOf(`[${list(size, () => '[]').join()}]`, 'type(@)'),
  'JSON: deep lists': (size) =>
    queryOf(`[${list(size / 60, () => `${'['.repeat(60)}${']'.repeat(60)}`).join()}]`, 'type(@)'),
  'JSON: empty texts': (size) => queryOf(`[${list(size, () => '""').join()}]`, 'type(@)'),
  'JSON: words': (size) => queryOf(`[${list(size, () => 'null').join()}]`, 'type(@)'),
  'JSON: white space': (size) => queryOf(`${' '.repeat(size)}0`, 'type(@)'),
  'JSON: one long text': (size) => queryOf(`"${'a'.repeat(size)}"`, 'type(@)'),
  'query: names': (size) => queryOf('0', `[${list(size / 2, () => 'a').join()}]`),
  'query: literals': (size) => queryOf('0', `type([${list(size / 4, () => '`a`').join()}])`),
  'query: numbers between backticks': (size) => queryOf('0', `type([${list(size / 4, () => '`0`').join()}])`),
  'query: objects between backticks': (size) => queryOf('0', `type([${list(size / 5, () => '`{}`').join()}])`),
  'query: texts': (size) => queryOf('0', `type([${list(size / 4, () => "''").join()}])`),
  'query: quoted names': (size) => queryOf('0', `type([${list(size / 4, () => '"a"').join()}])`),
  'query: white space': (size) => queryOf('0', `${' '.repeat(size)}a`),
  'query: calls': (size) => queryOf('0', `type([${list(size / 8, () => 'type(@)').join()}])`),
  'result: one long text': (size) => queryOf(json(letters(size)), '@'),
  'result: escapes': (size) => queryOf(json('\u0001'.repeat(size)), '@'),
};
