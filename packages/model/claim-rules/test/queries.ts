import fc from 'fast-check';
import { Budget } from '../src/budget.ts';
import { chargedQuery, evaluateQuery } from '../src/jmespath/evaluate.ts';
import { parseJson } from '../src/json/parse.ts';
import { writeJson } from '../src/json/write.ts';
import { limitsOf, type PolicyLimits } from '../src/limits.ts';
import { finish } from '../src/work.ts';

/** The result as JSON, as JmesPath of the language gives it. */
export function search(json: string, query: string, limits: PolicyLimits = {}): string {
  const budget = new Budget(limitsOf(limits));
  const value = finish(parseJson(json, budget));
  return finish(writeJson(finish(evaluateQuery(chargedQuery(query, budget), value, budget)), budget));
}

const names = ['a', 'b', 'c', 'foo'];
const name = fc.constantFrom(...names);

/** JSON of few names, so that queries find something in it. */
export const json: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(
      fc.integer({ min: -9, max: 9 }),
      fc.constantFrom('', 'a', 'b', 'xyz', 'Hello', '7'),
      fc.boolean(),
      fc.constant(null),
    ),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(name, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

const literal = fc.oneof(
  fc.constantFrom("'a'", "'xyz'", "''", "'it\\'s'"),
  json.map((value) => `\`${JSON.stringify(value)}\``),
);

/**
 * Queries of the whole grammar. Left out is what the library gets wrong: `.*` with more than one step behind it, an order of
 * anything but numbers, `@` with an operator in parentheses, values of wrong types behind the first of `merge`, `avg` of nothing, and
 * `max_by` of nothing or by strings.
 */
export const query: fc.Arbitrary<string> = fc.letrec<Record<'query' | 'step' | 'call' | 'test', string>>((tie) => ({
  query: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    name,
    literal,
    fc.constantFrom(
      'not_null(@, @)',
      '*',
      '[]',
      '[*]',
      '[0]',
      '[-1]',
      '[::2]',
      '[::-1]',
      '[1:]',
      '[:-1]',
      '[1:3]',
      '"foo"',
      'a.*',
    ),
    fc.tuple(tie('query'), tie('step')).map(([left, step]) => `(${left})${step}`),
    fc.tuple(name, tie('step'), tie('step')).map((parts) => parts.join('')),
    fc.tuple(tie('query'), tie('query')).map(([left, right]) => `${left} | ${right}`),
    fc.tuple(tie('query'), fc.constantFrom('||', '&&'), tie('query')).map((parts) => parts.join(' ')),
    tie('query').map((inner) => `!(${inner})`),
    tie('step').map((inner) => `!a${inner}`),
    fc.array(tie('query'), { minLength: 1, maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
    fc
      .uniqueArray(fc.tuple(name, tie('query')), { minLength: 1, maxLength: 3, selector: ([key]) => key })
      .map((entries) => `{${entries.map(([key, value]) => `${key}: ${value}`).join(', ')}}`),
    tie('call'),
    tie('test'),
  ),
  step: fc.oneof(
    { maxDepth: 4 },
    name.map((next) => `.${next}`),
    fc.constantFrom('[*]', '[]', '[0]', '[-2]', '[1:]', '[::-1]'),
    tie('test').map((test) => `[?${test}]`),
    tie('query').map((item) => `.[${item}]`),
    fc.tuple(name, tie('query')).map(([key, value]) => `.{${key}: ${value}}`),
  ),
  test: fc.oneof(
    { maxDepth: 4 },
    name,
    fc.tuple(tie('query'), fc.constantFrom('==', '!='), tie('query')).map((parts) => parts.join(' ')),
    fc
      .tuple(tie('query'), fc.constantFrom('<', '<=', '>', '>='), fc.integer({ min: -1, max: 4 }))
      .map(([left, order, right]) => `(length(to_array(${left})) ${order} \`${right}\`)`),
  ),
  call: fc.oneof(
    { maxDepth: 4 },
    fc
      .tuple(
        fc.constantFrom(
          'abs',
          'ceil',
          'floor',
          'keys',
          'length',
          'max',
          'min',
          'reverse',
          'sort',
          'sum',
          'to_array',
          'to_string',
          'type',
          'values',
          'not_null',
          'merge',
        ),
        tie('query'),
      )
      .map(([called, argument]) => `${called}(${argument})`),
    fc
      .tuple(fc.constantFrom('starts_with', 'ends_with', 'join', 'not_null'), tie('query'), tie('query'))
      .map(([called, left, right]) => `${called}(${left}, ${right})`),
    fc
      .tuple(fc.constantFrom('max_by', 'min_by'), tie('query'), tie('query'))
      .map(([called, item, key]) => `${called}([${item}, a], &length(to_array(${key})))`),
    fc.tuple(tie('query'), tie('query')).map(([list, key]) => `sort_by(${list}, &${key})`),
    fc.tuple(tie('query'), tie('query')).map(([key, list]) => `map(&${key}, ${list})`),
  ),
})).query;
