import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JmesPathError } from '../src/jmespath/error.ts';
import { parseJmesPath } from '../src/jmespath/parse.ts';
import { search } from './queries.ts';

const people =
  '{"people":[{"n":"Ann","age":30,"tags":["x","y"],"home":{"city":"Graz"}},{"n":"Bob","age":25,"tags":[]},{"n":"Cy","age":35}],"ops":{"a":{"args":2,"in":{"k":1}},"b":{"args":3,"in":{"k":2}},"c":{"v":0}},"n":null,"zero":0,"empty":""}';

// The grammar: https://jmespath.org/specification.html
for (const [query, result] of [
  ['people[0].n', '"Ann"'],
  ['people[-1].n', '"Cy"'],
  ['people[3]', 'null'],
  ['people[-4]', 'null'],
  ['people.n', 'null'],
  ['"people"[1]."n"', '"Bob"'],
  ['"\\u0070eople"[1].n', '"Bob"'],
  ['people[*].n', '["Ann","Bob","Cy"]'],
  ['people[*].home.city', '["Graz"]'],
  ['people[*].tags', '[["x","y"],[]]'],
  ['people[*].tags[0]', '["x"]'],
  ['people[*].tags[]', '["x","y"]'],
  ['people[].tags', '[["x","y"],[]]'],
  ['people[].tags[].length(@)', '[1,1]'],
  ['people[*].tags | [0]', '["x","y"]'],
  ['(people[*].tags)[0]', '["x","y"]'],
  ['people[1:].n', '["Bob","Cy"]'],
  ['people[::-1].n', '["Cy","Bob","Ann"]'],
  ['people[:-1][0]', '[]'],
  ['ops.*.args', '[2,3]'],
  // Both reference implementations find null here; the specification goes on projecting.
  ['ops.*.in.k', '[1,2]'],
  ['*.a.args', '[2]'],
  // A list of queries does not go on with an index: the index is of the whole.
  ['ops.*.[args][0]', '[2]'],
  ['people[?age > `28`].n', '["Ann","Cy"]'],
  ['people[?age >= `30` && age < `35`].n', '["Ann"]'],
  ["people[?n == 'Bob' || age == `35`].n", '["Bob","Cy"]'],
  ['people[?!tags].n', '["Bob","Cy"]'],
  ['people[?home.city].n', '["Ann"]'],
  ['people[?age].tags[]', '["x","y"]'],
  ['people[?n < `1`]', '[]'],
  ['ops[?args]', 'null'],
  ['people[*].[n, age]', '[["Ann",30],["Bob",25],["Cy",35]]'],
  [
    'people[*].{name: n, "first tag": tags[0]}',
    '[{"name":"Ann","first tag":"x"},{"name":"Bob","first tag":null},{"name":"Cy","first tag":null}]',
  ],
  ['n.[a]', 'null'],
  ['n.{a: a}', 'null'],
  ['zero.{a: a}', '{"a":null}'],
  ['n || zero', '0'],
  ['zero && empty', '""'],
  ['empty && zero', '""'],
  ['!zero', 'false'],
  ['!empty', 'true'],
  ['!n && !empty', 'true'],
  ["n || empty || 'x'", '"x"'],
  ['people | [0] | n', '"Ann"'],
  ['@.zero', '0'],
  ['`{"a": [1, 2.50, "\\`"]}`', '{"a":[1,2.5,"`"]}'],
  ['` "x" `', '"x"'],
  ['`word`', '"word"'],
  ["'it\\'s'", '"it\'s"'],
  ["'a\\b\\\\c'", '"a\\\\b\\\\\\\\c"'],
  ['`1` == `1.0`', 'true'],
  ['`12345678901234567890` == `12345678901234567891`', 'false'],
  ['`12345678901234567890` < `12345678901234567891`', 'true'],
  ['`100000000000000000000` == `1e20`', 'true'],
  ['`{"a":1,"b":2}` == `{"b":2,"a":1}`', 'true'],
  ['`[1,2]` == `[2,1]`', 'false'],
  ['`[1]` == `{"0":1}`', 'false'],
  ["'a' < 'b'", 'null'],
  ['`1` != `"1"`', 'true'],
  ['zero == empty == n', 'false'],
  ['{a: `1`, a: `2`}', '{"a":2}'],
  ['*[0]', '[{"n":"Ann","age":30,"tags":["x","y"],"home":{"city":"Graz"}}]'],
] as const) {
  test(`${query} finds ${result.slice(0, 50)}`, () => assert.equal(search(people, query), result));
}

const functionCases = `
abs(\`-5\`) 5 | abs(\`-12345678901234567890\`) 12345678901234567890 | abs(\`-0\`) 0
avg(\`[1,2,6]\`) 3 | avg(\`[]\`) null | ceil(\`1.2\`) 2 | ceil(\`-0.5\`) 0 | floor(\`-1.2\`) -2 | floor(\`12345678901234567890\`) 12345678901234567890
contains('foobar', 'oob') true | contains('foobar', \`1\`) false | contains(\`[{"a":[1]}]\`, \`{"a":[1]}\`) true | contains(\`[1]\`, '1') false
ends_with('foobar', 'bar') true | ends_with('foobar', 'foo') false | starts_with('foobar', 'foo') true | starts_with('foobar', '') true
equals_ignore_case('AbC', 'aBc') true | equals_ignore_case('abc', 'abd') false | equals_ignore_case(nothing, 'a') false | equals_ignore_case(nothing, nothing) false
equals_ignore_case('\u212A', 'k') false | equals_ignore_case('É', 'é') false
join(', ', \`["a","b"]\`) "a, b" | join('x', \`[]\`) "" | join('', \`["a"]\`) "a"
keys(\`{"b":1,"a":2}\`) ["b","a"] | values(\`{"b":1,"a":2}\`) [1,2] | keys(\`{}\`) []
length('𝒳y') 2 | length(\`[1,2]\`) 2 | length(\`{"a":1}\`) 1 | length('') 0
map(&a, \`[{"a":1},{"b":2}]\`) [1,null] | map(&@, \`[]\`) []
max(\`[1,3,2]\`) 3 | max(\`["a","c","b"]\`) "c" | max(\`[]\`) null | min(\`[2,1]\`) 1 | min(\`["b","a"]\`) "a"
max_by(\`[{"a":1},{"a":2,"x":1},{"a":2}]\`, &a) {"a":2,"x":1} | min_by(\`[{"a":"y"},{"a":"x"}]\`, &a) {"a":"x"} | max_by(\`[]\`, &a) null
merge(\`{"a":1,"b":1}\`, \`{"b":2}\`) {"a":1,"b":2} | merge(\`{}\`) {} | merge(\`{}\`, \`{}\`, \`{"c":3}\`) {"c":3}
not_null(nothing, \`false\`, \`1\`) false | not_null(nothing) null
reverse('a𝒳') "𝒳a" | reverse(\`[1,2]\`) [2,1]
sort(\`[10,9,1]\`) [1,9,10] | sort(\`["b","B","a"]\`) ["B","a","b"] | sort(\`[]\`) [] | sort(\`["\uFF5E","𝒳"]\`) ["\uFF5E","𝒳"]
sort_by(\`[{"k":2,"i":0},{"k":1,"i":1},{"k":2,"i":2}]\`, &k)[].i [1,0,2] | sort_by(\`[]\`, &k) []
sum(\`[1,2.5]\`) 3.5 | sum(\`[]\`) 0
to_array(\`1\`) [1] | to_array(\`[1]\`) [1] | to_string(\`{"a":1}\`) "{\\"a\\":1}" | to_string('x') "x"
to_number('1.50') 1.5 | to_number('-0') 0 | to_number('12345678901234567890') 12345678901234567890 | to_number('x') null | to_number('') null | to_number(' 1') null | to_number('01') null | to_number('0x1') null | to_number('1e999') null | to_number(\`true\`) null | to_number(\`4\`) 4
type('a') "string" | type(\`1\`) "number" | type(\`12345678901234567890\`) "number" | type(\`null\`) "null" | type(\`[]\`) "array" | type(\`{}\`) "object" | type(\`false\`) "boolean"
`;

for (const text of functionCases.trim().split(/\n| \| /)) {
  test(`the function ${text}`, () => {
    const [query, result] = splitCase(text);
    assert.equal(search('{}', query), result);
  });
}

/** The query, up to the first space where it is whole, and its result. */
function splitCase(text: string): readonly [string, string] {
  for (let at = text.indexOf(' '); at >= 0; at = text.indexOf(' ', at + 1)) {
    const query = text.slice(0, at);
    try {
      parseJmesPath(query, 100);
      return [query, text.slice(at + 1)];
    } catch {
      // The space is inside of the query.
    }
  }
  return assert.fail(text);
}

for (const [kind, queries] of [
  [
    'syntax',
    [
      '',
      ' ',
      '.',
      '.a',
      'a.',
      'a..b',
      'a.1',
      'a[',
      'a]',
      'a[]]',
      '[',
      ']',
      '{',
      '}',
      '(',
      ')',
      '()',
      ',',
      ':',
      '#',
      '$',
      'a[b]',
      'a[0, 1]',
      'a[ ?b]',
      'a[?b',
      'a[?]',
      'a[?==b]',
      'a[?b==]',
      'a.[0]',
      'a.[b,]',
      'a.[]',
      'a.{}',
      'a.{b}',
      'a.{b:}',
      'a.{b: c,}',
      'a{b: c}',
      '{1: a}',
      'a[*]b',
      'a[*]*',
      '*a',
      '*0',
      'a *',
      'a b',
      'a ||',
      '|| a',
      'a || || b',
      'a &&',
      'a & b',
      'a |',
      '| a',
      'a = b',
      'a <> b',
      'a ^ b',
      '!',
      'a!',
      '==',
      'a ==',
      '&a',
      '[&a]',
      'a.&b',
      'length(&a',
      'length(a,)',
      'length(,a)',
      '"length"(a)',
      'a.`1`',
      'a[*].`1`',
      "a.'b'",
      '"a',
      "'a",
      '`a',
      '`[1`',
      '`{"a"}`',
      '``',
      '""',
      '"\\x"',
      '"\n"',
      '[1:2:3:4]',
      '[1:a]',
      '[1 2]',
      '[:1 2]',
      '[-]',
      '[99999999999999999999]',
      '[1.5]',
      '@a',
      '@(a)',
      'a(b',
      'a)(',
      '[a',
      '`"a" "b"`',
    ],
  ],
  ['unknown-function', ['foo(a)', 'constructor()', '__proto__(a)', 'toString()', 'Length(a)', 'a.b(c)']],
  [
    'invalid-arity',
    ['length()', 'length(a, b)', 'not_null()', 'merge()', 'join(a)', 'equals_ignore_case(a)', 'sort_by(a)'],
  ],
  [
    'invalid-type',
    [
      'length(`1`)',
      'length(nothing)',
      "abs('1')",
      'avg(`[1,"a"]`)',
      'sum(`{}`)',
      'keys(`[]`)',
      'values(`1`)',
      "join('a', `[1]`)",
      'join(`1`, `[]`)',
      'max(`[1,"a"]`)',
      'max(`[[]]`)',
      'sort(`[true]`)',
      'sort(`{}`)',
      'sort_by(`[{"a":1},{"a":"b"}]`, &a)',
      'sort_by(`[{"a":1},{}]`, &a)',
      'max_by(`[{}]`, &a)',
      'min_by(`{}`, &a)',
      'map(a, `[]`)',
      'map(&a, `{}`)',
      'sort_by(`[]`, a)',
      'length(&a)',
      'merge(`[]`)',
      'merge(`{}`, `1`)',
      "starts_with(`1`, 'a')",
      "ends_with('a', `1`)",
      'reverse(`1`)',
      'contains(`1`, `1`)',
      'ceil(`"1"`)',
      'floor(nothing)',
    ],
  ],
  ['invalid-value', ['[::0]', 'a[1:2:0]', 'sum(`[1e308,1e308]`)']],
] as const) {
  for (const query of queries) {
    test(`${JSON.stringify(query)} is refused: ${kind}`, () => {
      assert.throws(
        () => search('{}', query),
        (error) => error instanceof JmesPathError && error.kind === kind,
      );
    });
  }
}

// Slices are those of Python.
const bounds = [undefined, -9, -4, -3, -1, 0, 1, 2, 3, 9];
test('slices cut as Python does', () => {
  const list = [0, 1, 2];
  for (const start of bounds) {
    for (const stop of bounds) {
      for (const step of [undefined, -3, -2, -1, 1, 2, 5]) {
        const query = `[${start ?? ''}:${stop ?? ''}${step === undefined ? '' : `:${step}`}]`;
        assert.equal(search('[0,1,2]', query), JSON.stringify(sliced(list, { start, stop, step })), query);
      }
    }
  }
});

/** By the definition: the positions that a walk from start passes before stop, those in the list kept. */
function sliced(
  list: readonly number[],
  { start, stop, step = 1 }: Readonly<Record<'start' | 'stop' | 'step', number | undefined>>,
): readonly number[] {
  const { length } = list;
  const place = (bound: number): number => (bound < 0 ? bound + length : bound);
  const from = start === undefined ? (step > 0 ? 0 : length - 1) : place(start);
  const to = stop === undefined ? (step > 0 ? length : -1) : place(stop);
  const clamp = (at: number): number => (step > 0 ? Math.max(0, at) : Math.min(length - 1, at));
  const found: number[] = [];
  for (let at = clamp(from); step > 0 ? at < to : at > to && at >= 0; at += step) {
    const item = list[at];
    if (item !== undefined) found.push(item);
  }
  return found;
}
