import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { parseJsonSource } from '../../src/json/index.ts';

const refusals: readonly (readonly [what: string, text: string, shown: string])[] = [
  ['a repeated key', '{"a": 1, "a": 2}', '"a"'],
  ['a lone surrogate', '["\\ud800"]', '"\\ud800"'],
  ['a number beyond a double', '[1e999]', '1e999'],
  ['a word that is not one', '[tru]', 'tru'],
  ['text after the end', '{} x', 'x'],
  ['a comma that is one too many', '[1,,2]', ','],
  ['the bracket that is one too many', '['.repeat(40) + ']'.repeat(40), '['],
];

for (const [what, text, shown] of refusals) {
  test(`${what} is refused in its place`, () => {
    assert.throws(
      () => parseJsonSource(text),
      (error) => {
        assert.ok(isEnclosError(error));
        const { start, end } = error.details;
        assert.equal(text.slice(Number(start), Number(end)), shown);
        return true;
      },
    );
  });
}

test('a repeated key is named, unless it is long', () => {
  assert.throws(() => parseJsonSource('{"a": 1, "a": 2}'), { message: 'The key "a" is repeated.' });
  const long = JSON.stringify('k'.repeat(1000));
  assert.throws(() => parseJsonSource(`{${long}: 1, ${long}: 2}`), { message: 'This key is repeated.' });
});

test('the bracket that is one too many is the 34th', () => {
  assert.throws(() => parseJsonSource('['.repeat(1000)), { details: { start: 33, end: 34 } });
});

test('what is too long is refused before it is read', () => {
  assert.doesNotThrow(() => parseJsonSource(`1${' '.repeat(16_777_215)}`));
  const tooLong = { code: 'CODEC_OUT_OF_RANGE', details: { start: 0, end: 1 } };
  assert.throws(() => parseJsonSource(`1${' '.repeat(16_777_216)}`), tooLong);
  assert.throws(() => parseJsonSource(`[1${',1'.repeat(1_048_576)}]`), tooLong);
});

test('another mistake says nothing of a key', () => {
  assert.throws(() => parseJsonSource('[tru]'), { message: 'Expected a JSON value.' });
  assert.throws(() => parseJsonSource('{"a": 1e999}'), { message: 'This number is too large.' });
});

/** Members of objects and items of arrays, with and without white space, and none at all. */
const text = ' { "a" : [1, { "b c" :"x\\n" } ,[ ], null ] ,"e":{ },\n"a b":{"a":{"a":7}},"z" : -1.5e3 } ';
const source = parseJsonSource(text);
const shown = ({ start, end }: { readonly start: number; readonly end: number }): string => text.slice(start, end);

for (const [path, value, key] of [
  [[], text.trim(), text.trim()],
  [['a'], '[1, { "b c" :"x\\n" } ,[ ], null ]', '"a"'],
  [['a', 0], '1', '1'],
  [['a', 1], '{ "b c" :"x\\n" }', '{ "b c" :"x\\n" }'],
  [['a', 1, 'b c'], '"x\\n"', '"b c"'],
  [['a', 2], '[ ]', '[ ]'],
  [['a', 3], 'null', 'null'],
  [['e'], '{ }', '"e"'],
  [['a b', 'a', 'a'], '7', '"a"'],
  [['z'], '-1.5e3', '"z"'],
] as const) {
  test(`the value and the key at /${path.join('/')} are found`, () => {
    assert.equal(shown(source.locate(path)), value);
    assert.equal(shown(source.locateKey(path)), key);
  });
}

for (const [path, ancestor] of [
  [['none'], text.trim()],
  [['e', 'none'], '{ }'],
  [['a', 4], '[1, { "b c" :"x\\n" } ,[ ], null ]'],
  [['a', 2, 0], '[ ]'],
  [['a', 0, 'none'], '1'],
  [['a', 1, 'b c', 0], '"x\\n"'],
  [['z', 'none', 'a'], '-1.5e3'],
] as const) {
  test(`for /${path.join('/')}, which is absent, its nearest ancestor is shown`, () => {
    assert.equal(shown(source.locate(path)), ancestor);
    assert.equal(shown(source.locateKey(path)), ancestor);
  });
}
