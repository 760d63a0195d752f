import { collidingNumbers } from './colliding-numbers.ts';

/** A policy, and what it is evaluated on, that make one primitive of the evaluator work as hard as its input allows. */
export interface PolicyCost {
  readonly policy: string;
  readonly claims: readonly CostClaim[];
}

interface CostClaim {
  readonly type: string;
  readonly value: string | number | boolean;
  readonly issuer: 'AttestationService';
}

/** Makes a case whose work grows with `size`: characters, items, members or claims. */
export type CostOf = (size: number) => PolicyCost;

/** Cases by what they are called, for one primitive. There is at least one for each. */
export type CostsOf = Readonly<Record<string, CostOf>>;

/** Keeps the names in the type, for tests that compare them with the tables of the evaluator. */
const named = <Name extends string>(costs: Readonly<Record<Name, CostsOf>>): Readonly<Record<Name, CostsOf>> => costs;

const claim = (type: string, value: CostClaim['value']): CostClaim => ({ type, value, issuer: 'AttestationService' });

function policyOf(rules: string, claims: readonly CostClaim[]): PolicyCost {
  return { policy: `version=1.2; authorizationrules { ${rules} => permit(); };`, claims };
}

/** A query that is text of a claim, so that it is not parsed with the policy. */
function queryOf(json: string, query: string): PolicyCost {
  const rule = 'j:[type=="json"] && q:[type=="query"] => add(type="r", value=JmesPath(j.value, q.value));';
  return policyOf(rule, [claim('json', json), claim('query', query)]);
}

const list = <T>(size: number, item: (index: number) => T): readonly T[] =>
  Array.from({ length: Math.max(1, Math.floor(size)) }, (_, index) => item(index));
const json = (value: unknown): string => JSON.stringify(value);
/** The call again and again in one list, so that the call is the work and not the JSON that it is about. */
const again = (call: string, times = 24): string => `[${list(times, () => call).join()}]`;
/** A call for each item of a list of short values. */
const each =
  (call: string, item: (index: number) => unknown): CostOf =>
  (size) =>
    queryOf(json(list(size, item)), `length(map(&${call}, @))`);
/** Calls on one or two long texts. */
const onTexts =
  (call: string, ...texts: readonly ((size: number) => string)[]): CostOf =>
  (size) =>
    queryOf(json(texts.map((text) => text(size))), again(call));
const onValue =
  (call: string, value: (size: number) => unknown, times?: number): CostOf =>
  (size) =>
    queryOf(json(value(size)), again(call, times));

const letters = (size: number): string => 'a'.repeat(size);
/** For `includes` of V8 the worst: every place of the text fits the pattern as far as its middle. */
const needle = (size: number): string => `${'a'.repeat(size / 4)}b${'a'.repeat(size / 4)}`;
const pairs = (size: number): string => '\u{1f600}'.repeat(size / 2);
/** In an order that no sort guesses. */
const mixed = (size: number): readonly number[] => list(size, (index) => (index * 7919) % 1_000_003);
const alike = (size: number): readonly string[] => mixed(size).map((value) => `${'k'.repeat(14)}${value}`);
const longAlike = (size: number): readonly string[] => mixed(size / 32).map((value) => `${'k'.repeat(2048)}${value}`);
const members = (size: number): object => Object.fromEntries(list(size, (index) => [`k${index}`, 0]));
const wide = (size: number): object => ({ a: list(size, () => [[0]]), b: list(size, () => [[0]]) });
/** As long as a number may be. */
const longNumber = `-1.${'23456789'.repeat(4)}e-300`;

/** Each function of JMESPath. */
export const queryFunctionCosts = named({
  abs: {
    numbers: each('abs(@)', () => -1),
    large: (size) => queryOf(`[${list(size, () => '-12345678901234567890').join()}]`, 'length(map(&abs(@), @))'),
  },
  avg: { numbers: onValue('avg(@)', mixed), nothing: each('avg(@)', () => []) },
  ceil: { numbers: each('ceil(@)', () => 1.5) },
  contains: {
    'a pattern like its text': onTexts('contains([0], [1])', letters, needle),
    'short texts': each("contains(@, 'b')", () => 'a'),
    'texts as long as the pattern': each("contains(@, 'aaaaaaab')", () => 'aaaaaaaa'),
    'a list': onValue('contains(@, `-1`)', mixed),
    'lists of lists': (size) => queryOf(json(wide(size)), again('contains(a, `[[1]]`)')),
  },
  ends_with: {
    'a long text': onTexts('ends_with([0], [0])', letters),
    'short texts': each("ends_with(@, 'a')", () => 'a'),
  },
  equals_ignore_case: {
    'letters of both cases': onTexts(
      'equals_ignore_case([0], [1])',
      (size) => 'aA'.repeat(size / 2),
      (size) => 'Aa'.repeat(size / 2),
    ),
    'short texts': each("equals_ignore_case(@, 'A')", () => 'a'),
  },
  floor: { numbers: each('floor(@)', () => 1.5) },
  join: {
    'many parts': onValue("type(join('', @))", (size) => list(size, () => 'a')),
    'a long glue': onTexts("type(join([0], ['', '', '', '']))", letters),
    nothing: each("join('', @)", () => []),
  },
  keys: { 'many members': onValue('length(keys(@))', members), 'few members': each('keys(@)', () => ({ a: 0 })) },
  length: { 'pairs of surrogates': onTexts('length([0])', pairs), 'short texts': each('length(@)', () => 'a') },
  map: { 'the items themselves': onValue('length(map(&@, @))', mixed), nothing: each('map(&@, @)', () => []) },
  max: {
    'long texts that begin alike': onValue('max(@)', longAlike),
    numbers: onValue('max(@)', mixed),
    'texts that begin alike': onValue('max(@)', alike),
    nothing: each('max(@)', () => []),
  },
  max_by: { texts: onValue('max_by(@, &@)', alike), nothing: each('max_by(@, &@)', () => []) },
  merge: {
    'many members': onValue('length(merge(@, @))', members, 8),
    'few members': each('merge(@, @)', () => ({ a: 0 })),
    nothing: each('merge(@)', () => ({})),
  },
  min: {
    numbers: onValue('min(@)', mixed),
    'texts that begin alike': onValue('min(@)', alike),
    nothing: each('min(@)', () => []),
  },
  min_by: { texts: onValue('min_by(@, &@)', alike), nothing: each('min_by(@, &@)', () => []) },
  not_null: { nulls: each('not_null(@, @, @, @)', () => null) },
  reverse: {
    'a list': onValue('length(reverse(@))', mixed),
    'pairs of surrogates': onTexts('type(reverse([0]))', pairs),
    letters: onTexts('type(reverse([0]))', letters),
    'short texts': each('reverse(@)', () => 'a'),
  },
  sort: {
    'long texts that begin alike': onValue('length(sort(@))', longAlike, 4),
    numbers: onValue('length(sort(@))', mixed, 2),
    'texts that begin alike': onValue('length(sort(@))', alike, 2),
    nothing: each('sort(@)', () => []),
  },
  sort_by: { texts: onValue('length(sort_by(@, &@))', alike, 2), nothing: each('sort_by(@, &@)', () => []) },
  starts_with: {
    'a long text': onTexts('starts_with([0], [0])', letters),
    'short texts': each("starts_with(@, 'a')", () => 'a'),
  },
  sum: { numbers: onValue('sum(@)', mixed), nothing: each('sum(@)', () => []) },
  to_array: { numbers: each('to_array(@)', () => 0) },
  to_number: {
    'long numbers': each('to_number(@)', () => longNumber),
    'whole numbers': each('to_number(@)', () => '1234567890123456789012345678901234567890'),
    'a long text': onTexts('to_number([0])', (size) => '1'.repeat(size)),
    'short texts': each('to_number(@)', () => '1'),
  },
  to_string: {
    escapes: onTexts('type(to_string([[0]]))', (size) => '\u0001'.repeat(size)),
    fractions: (size) => queryOf(`[${list(size, () => longNumber).join()}]`, again('type(to_string(@))', 4)),
    'lists of lists': (size) => queryOf(json(wide(size)), again('type(to_string(@))', 4)),
    'short texts': each('to_string([@])', () => 'a'),
  },
  type: { numbers: each('type(@)', () => 0) },
  values: { 'many members': onValue('length(values(@))', members), 'few members': each('values(@)', () => ({ a: 0 })) },
});

/** Each kind of node of a query. */
export const queryNodeCosts = named({
  current: { '': each('@', () => 0) },
  field: {
    'few members': each('a', () => ({ a: 0 })),
    'a long name': (size) => queryOf(json({ ['k'.repeat(size)]: 0 }), again(`"${'k'.repeat(size)}"`, 2)),
    missing: each('b', () => ({ a: 0 })),
  },
  literal: { '': each("'a'", () => 0) },
  index: { '': each('[0]', () => [0]) },
  slice: { backwards: onValue('length([::-1])', mixed), 'short lists': each('[1:]', () => [0, 0]) },
  chain: { '': each('@.a.b.c', () => ({ a: { b: { c: 0 } } })), pipes: each('@|@|@|@', () => 0) },
  projection: { '': onValue('length([*])', mixed), nothing: each('[*]', () => []) },
  values: { '': onValue('length(*)', members), nothing: each('*', () => ({})) },
  filter: { '': onValue('length([?@])', mixed), nothing: each('[?@]', () => []) },
  flatten: { '': onValue('length([])', (size) => list(size, () => [0, 0])), nothing: each('[]', () => []) },
  list: { '': each('[@,@,@,@]', () => 0) },
  object: { '': each('{a: @, b: @}', () => 0), 'one member': each('{a: @}', () => 0) },
  or: { '': each('@||@||@', () => '') },
  and: { '': each('@&&@&&@', () => 1) },
  not: { '': each('!@', () => 1) },
  compare: {
    'lists of lists': (size) => queryOf(json(wide(size)), again('a==b')),
    'many members': (size) => queryOf(json([members(size), members(size)]), again('[0]==[1]')),
    'long texts': onTexts('[0]==[1]', letters, letters),
    numbers: each('@ < `1`', () => 0),
  },
  call: { '': each('type(type(type(@)))', () => 0) },
});

/** Reading and writing JSON, and reading queries. */
const textCosts: Readonly<Record<string, CostOf>> = {
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

/** Each function of the language. */
export const ruleFunctionCosts = named({
  JmesPath: {
    'the same JSON again': (size) =>
      policyOf('j:[type=="json"] => add(type="r", value=JmesPath(j.value, "@[0]"));'.repeat(24), [
        claim('json', json(mixed(size))),
      ]),
    'short JSON': (size) =>
      policyOf(
        'j:[type=="n"] => add(type="r", value=JmesPath(j.value, "@"));',
        list(Math.min(size, 5000), (index) => claim('n', `${index}`)),
      ),
  },
  JsonToClaimValue: {
    'a list of numbers that meet in one bucket': (size) =>
      policyOf('j:[type=="json"] => add(type="r", value=JsonToClaimValue(j.value));', [
        claim('json', json(collidingNumbers(Math.min(size, 9000)))),
      ]),
    'a list of texts': (size) =>
      policyOf('j:[type=="json"] => add(type="r", value=JsonToClaimValue(j.value));', [
        claim('json', json(list(Math.min(size, 9000), String))),
      ]),
    'short JSON': (size) =>
      policyOf(
        'j:[type=="n"] => add(type="r", value=JsonToClaimValue(j.value));',
        list(Math.min(size, 5000), (index) => claim('n', `${index}`)),
      ),
  },
  IsSubsetOf: {
    'many short texts': (size) =>
      policyOf(
        'a:[type=="n"] => add(type="r", value=IsSubsetOf(a.value, a.value));'.repeat(4),
        list(Math.min(size, 9000), (index) => claim('n', `${index}`)),
      ),
    numbers: (size) =>
      policyOf(
        'a:[type=="n"] => add(type="r", value=IsSubsetOf(a.value, a.value));'.repeat(4),
        collidingNumbers(Math.min(size, 9000)).map((value) => claim('n', value)),
      ),
    'long texts': (size) =>
      policyOf(
        'a:[type=="n"] => add(type="r", value=IsSubsetOf(a.value, a.value));'.repeat(4),
        list(16, (index) => claim('n', `${letters(size)}${index}`)),
      ),
  },
  AppendString: {
    'a long text': (size) =>
      policyOf('s:[type=="s"] => add(type="t", value=AppendString(s.value, s.value));'.repeat(24), [
        claim('s', letters(size)),
      ]),
    'short texts': (size) =>
      policyOf(
        's:[type=="s"] => add(type="t", value=AppendString(s.value, "b"));',
        list(Math.min(size, 4000), (index) => claim('s', `${index}`)),
      ),
    'a text that doubles': (size) =>
      policyOf(
        list(
          Math.log2(size),
          (index) => `s:[type=="s${index}"] => add(type="s${index + 1}", value=AppendString(s.value, s.value));`,
        ).join(''),
        [claim('s0', 'a')],
      ),
  },
  NegateBool: {
    'many of them in each other': (size) =>
      policyOf(
        `b:[type=="b"] && c:[value==0] => add(type=c.type, value=${'NegateBool('.repeat(40)}b.value${')'.repeat(40)});`,
        [claim('b', true), ...list(Math.min(size / 16, 4000), (index) => claim(`n${index}`, 0))],
      ),
  },
  ContainsOnlyValue: {
    'many short texts': (size) =>
      policyOf(
        'a:[type=="n"] => add(type="r", value=ContainsOnlyValue(a.value, "a"));'.repeat(4),
        list(Math.min(size, 9000), () => claim('n', 'a')),
      ),
    'long texts': (size) =>
      policyOf(
        'a:[type=="n"] => add(type="r", value=ContainsOnlyValue(a.value, a.value));'
          .repeat(4)
          .replaceAll('a.value, a.value', `a.value, "${letters(size)}"`),
        list(16, () => claim('n', letters(size))),
      ),
  },
});

/** Finding claims, and making them. */
const ruleCosts: Readonly<Record<string, CostOf>> = {
  'conditions: types that differ': (size) =>
    policyOf(
      '[type=="z"] => permit();'.repeat(8),
      list(Math.min(size, 9000), () => claim('a', 0)),
    ),
  'conditions: long texts that are equal': (size) =>
    policyOf(
      `[type=="s", value=="${letters(size)}", value!="${letters(size)}"] => permit();`,
      list(16, () => claim('s', letters(size))),
    ),
  'conditions: orders': (size) =>
    policyOf(
      '[value>=1, value<=2, value<1] => permit();'.repeat(8),
      list(Math.min(size, 9000), () => claim('a', 1)),
    ),
  'conditions: negations': (size) =>
    policyOf(`${list(90, () => '![type=="z"]').join('&&')} => add(type="r", value=1);`.repeat(Math.ceil(size / 800)), [
      claim('a', 0),
    ]),
  'conditions: many, and no claim': (size) =>
    policyOf(
      `${list(99, (index) => `c${index}:[type=="a"]`).join('&&')} => add(type="r", value=c98.value);`.repeat(
        Math.ceil(size / 200),
      ),
      [],
    ),
  'conditions: pairs of claims': (size) =>
    policyOf(
      'a:[type=="a"] && b:[type=="a", value==a.value] && [type=="z"] => add(type=a.type, value=b.value);',
      list(Math.min(Math.sqrt(size) * 4, 500), (index) => claim('a', index)),
    ),
  'conditions: a choice of claims each': (size) =>
    policyOf(
      'a:[type=="a"] && b:[type=="a"] => add(type="r", value=1);'.replace(
        'type="r", value=1',
        'type=a.type, value=b.value',
      ),
      list(Math.min(Math.sqrt(size) * 4, 500), (index) => claim('a', index)),
    ),
  'conditions: many properties': (size) =>
    policyOf(`[${list(size / 4, () => 'type=="a"').join()}] => permit();`, [claim('a', 0)]),
  'claims: added numbers that meet in one bucket': (size) =>
    policyOf(
      'a:[type=="a"] => add(type="r", value=a.value);',
      collidingNumbers(Math.min(size, 4500)).map((value) => claim('a', value)),
    ),
  'claims: added texts': (size) =>
    policyOf(
      'a:[type=="a"] => add(type="r", value=a.value);',
      list(Math.min(size, 4500), (index) => claim('a', `${index}`)),
    ),
  'claims: long types': (size) =>
    policyOf(
      'a:[value>=0] => add(type=a.type, value=1);',
      list(16, (index) => claim(`${letters(size)}${index}`, index)),
    ),
  'claims: added by rules': (size) =>
    policyOf(list(Math.min(size, 1500), (index) => `=> add(type="r", value=${index});`).join(''), []),
};

/** All of them by name. */
export function allPolicyCosts(): ReadonlyMap<string, CostOf> {
  const all = new Map<string, CostOf>();
  for (const [kind, costs] of [
    ['function of queries', queryFunctionCosts],
    ['node of queries', queryNodeCosts],
    ['function of rules', ruleFunctionCosts],
  ] as const) {
    for (const [name, cases] of Object.entries<CostsOf>(costs)) {
      for (const [words, cost] of Object.entries(cases)) {
        all.set([`${kind} ${name}`, words].filter(Boolean).join(': '), cost);
      }
    }
  }
  for (const [name, cost] of [...Object.entries(textCosts), ...Object.entries(ruleCosts)]) all.set(name, cost);
  return all;
}
