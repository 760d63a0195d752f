import assert from 'node:assert/strict';
import { test } from 'node:test';
import { claim, evaluate, issued, issuing, policyError } from './claims.ts';

/** What a rule issues for an expression, with claims to take from. */
function valuesOf(expression: string, claims = [claim('unused', 0)], conditions = ''): readonly string[] {
  return issued(`${conditions} => issue(type="r", value=${expression});`, claims);
}

const quoted = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&')}"`;

for (const [json, query, result] of [
  ['{"foo": "bar"}', 'foo', '"bar"'],
  ['{"values": [0,1,2,3,4]}', 'values[2]', '2'],
  ['{"b": {"y": 1, "x": [ null , 1e2 ]}, "a": 1}', '@', '{"b":{"y":1,"x":[null,100]},"a":1}'],
  ['[1.5, -0, 12345678901234567890]', '@', '[1.5,0,12345678901234567890]'],
  ['{}', 'a', 'null'],
] as const) {
  test(`JmesPath of ${json} with ${query} is ${result}`, () => {
    assert.deepEqual(valuesOf(`JmesPath(${quoted(json)}, ${quoted(query)})`), [`r=${JSON.stringify(result)}`]);
  });
}

for (const [json, ...values] of [
  ['100', '100'],
  ['-5', '-5'],
  ['1e2', '100'],
  ['2.0', '2'],
  ['true', 'true'],
  ['"abc"', '"abc"'],
  ['"\\u0041\\n"', '"A\\n"'],
  ['null'],
  ['[]'],
  ['[null]'],
  ['[0, "abc", true, null, 0]', '0', '"abc"', 'true', '0'],
] as const) {
  test(`JsonToClaimValue of ${json} is ${values.length === 0 ? 'no claim' : values.join(', ')}`, () => {
    assert.deepEqual(
      valuesOf(`JsonToClaimValue(${quoted(json)})`),
      values.map((value) => `r=${value}`),
    );
  });
}

for (const [left, right, result] of [
  [['abc', 100], [true, 'abc', 100], true],
  [['abc', 100], [true, 'abc'], false],
  [['1'], [1], false],
  [[true], ['true'], false],
  [[1, 1, 1], [1], true],
] as const) {
  test(`IsSubsetOf of ${JSON.stringify(left)} in ${JSON.stringify(right)} is ${result}`, () => {
    const claims = [...left.map((value) => claim('l', value)), ...right.map((value) => claim('s', value))];
    const conditions = 'c:[type=="l"] && d:[type=="s"]';
    assert.deepEqual(valuesOf('IsSubsetOf(c.value, d.value)', claims, conditions), [`r=${result}`]);
  });
}

for (const [set, value, result] of [
  [[100, 101], 100, false],
  [[100, 100], 100, true],
  [[100], 100, true],
  [['100'], 100, false],
  [[true], true, true],
] as const) {
  test(`ContainsOnlyValue of ${JSON.stringify(set)} and ${value} is ${result}`, () => {
    const claims = set.map((item) => claim('s', item));
    assert.deepEqual(valuesOf(`ContainsOnlyValue(c.value, ${value})`, claims, 'c:[type=="s"]'), [`r=${result}`]);
  });
}

test('sets come from JSON too, and an empty one is a subset and contains only nothing', () => {
  assert.deepEqual(valuesOf('IsSubsetOf(JsonToClaimValue("[1, 2]"), JsonToClaimValue("[2, 3, 1]"))'), ['r=true']);
  assert.deepEqual(valuesOf('IsSubsetOf(JsonToClaimValue("[]"), JsonToClaimValue("[]"))'), ['r=true']);
  assert.deepEqual(valuesOf('IsSubsetOf(JsonToClaimValue("[1]"), JsonToClaimValue("[]"))'), ['r=false']);
  assert.deepEqual(valuesOf('ContainsOnlyValue(JsonToClaimValue("[]"), 1)'), ['r=false']);
});

test('a name stands for its whole set in an argument that takes one, and for one claim elsewhere', () => {
  const claims = [claim('a', 1), claim('a', 2)];
  const both = 'c:[type=="b"] => issue(type=AppendString("is-", c.value), value=ContainsOnlyValue(c.value, c.value));';
  assert.deepEqual(issued(both, [claim('b', 'x'), claim('b', 'y')]), ['is-x=false', 'is-y=false']);
  const perValue =
    'k:[type=="key"] && c:[type=="a", value==k.value] => issue(type="r", value=ContainsOnlyValue(c.value, 1));';
  assert.deepEqual(issued(perValue, [...claims, claim('key', 1), claim('key', 2)]), ['r=true', 'r=false']);
  const inCondition = 'c:[type=="a"] && d:[type=="flag", value==ContainsOnlyValue(c.value, 1)] => issue(claim=d);';
  assert.deepEqual(issued(inCondition, [...claims, claim('flag', true), claim('flag', false)]), ['flag=false']);
});

test('AppendString appends, empty strings too, and NegateBool negates', () => {
  assert.deepEqual(valuesOf('AppendString("abc", "xyz")'), ['r="abcxyz"']);
  assert.deepEqual(valuesOf('AppendString("", AppendString("", ""))'), ['r=""']);
  assert.deepEqual(valuesOf('NegateBool(true)'), ['r=false']);
  assert.deepEqual(valuesOf('NegateBool(NegateBool(true))'), ['r=true']);
});

test('a condition may compare with the result of a function', () => {
  const rule = 'c:[type=="json"] && d:[type=="x", value==JsonToClaimValue(JmesPath(c.value, "a"))] => issue(claim=d);';
  assert.deepEqual(issued(rule, [claim('json', '{"a": 5}'), claim('x', 4), claim('x', 5)]), ['x=5']);
  assert.deepEqual(issued(rule, [claim('json', '{"a": null}'), claim('x', 4)]), []);
  assert.deepEqual(issued(rule.replace('value==', 'value!='), [claim('json', '{"a": null}'), claim('x', 4)]), ['x=4']);
});

for (const [expression, message] of [
  ['JmesPath("", "a")', /one is empty/],
  ['JmesPath("{}", AppendString("", ""))', /one is empty/],
  ['JmesPath("{", "a")', /takes JSON/],
  ['JmesPath("{\\"a\\":1,\\"a\\":2}", "a")', /this key is repeated/],
  ['JsonToClaimValue("\\"\\\\ud800\\"")', /invalid escape/],
  ['JmesPath("1 2", "a")', /text follows the value/],
  ['JmesPath(1, "a")', /takes text/],
  ['JmesPath("{}", AppendString("a", "["))', /JmesPath: the end at character 3/],
  ['JmesPath("{}", "length(a)")', /JmesPath: length takes/],
  ['JmesPath(JsonToClaimValue("[\\"1\\", \\"2\\"]"), "a")', /a set of 2/],
  ['JsonToClaimValue("abc")', /takes JSON/],
  ['JsonToClaimValue("")', /takes JSON/],
  ['JsonToClaimValue("1.5")', /a fraction/],
  ['JsonToClaimValue("9007199254740993")', /beyond 2\^53 - 1/],
  ['JsonToClaimValue("{}")', /an object/],
  ['JsonToClaimValue("[{}]")', /an object/],
  ['JsonToClaimValue("[[]]")', /a list in a list/],
  ['JsonToClaimValue(true)', /takes text/],
  ['AppendString("a", 1)', /takes text/],
  ['AppendString("a", JsonToClaimValue("null"))', /given none/],
  ['NegateBool("true")', /takes a boolean/],
  ['NegateBool(JsonToClaimValue("[true, false]"))', /a set of 2/],
  ['ContainsOnlyValue(JsonToClaimValue("[1]"), JsonToClaimValue("[1, 1]"))', /a set of 2/],
] as const) {
  test(`${expression} cannot be evaluated`, () => {
    const error = policyError(() => valuesOf(expression));
    assert.equal(error.code, 'CLAIM_RULES_EVALUATION');
    assert.match(error.message, message);
  });
}

test('a claim is not compared with a set, and a type is one text', () => {
  const compared = issuing('[type=="a", value==JsonToClaimValue("[1, 2]")] => issue(type="r", value=1);');
  assert.throws(() => evaluate(compared, [claim('a', 1)]), /a set of 2 values/);
  assert.doesNotThrow(() => evaluate(compared, [claim('b', 1)]));
  for (const type of [
    'JsonToClaimValue("1")',
    'JsonToClaimValue("[\\"a\\", \\"b\\"]")',
    'JsonToClaimValue("null")',
    'AppendString("", "")',
  ]) {
    assert.throws(() => evaluate(issuing(`=> issue(type=${type}, value=1);`)), /one text that is not empty/, type);
  }
  assert.throws(
    () => evaluate(issuing('=> issue(type="a", value=JsonToClaimValue("1"), valueType="String");')),
    /not of type String/,
  );
});
