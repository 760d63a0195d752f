import { json, letters, list, longNumber, members, mixed, named, queryOf, type CostOf } from './case.ts';

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

/** For `includes` of V8 the worst: every place of the text fits the pattern as far as its middle. */
const needle = (size: number): string => `${'a'.repeat(size / 4)}b${'a'.repeat(size / 4)}`;
const pairs = (size: number): string => '\u{1f600}'.repeat(size / 2);
const alike = (size: number): readonly string[] => mixed(size).map((value) => `${'k'.repeat(14)}${value}`);
const longAlike = (size: number): readonly string[] => mixed(size / 32).map((value) => `${'k'.repeat(2048)}${value}`);
const wide = (size: number): object => ({ a: list(size, () => [[0]]), b: list(size, () => [[0]]) });

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
