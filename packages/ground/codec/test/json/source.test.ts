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
  assert.throws(() => parseJsonSource(' '.repeat(16_777_217)), { code: 'CODEC_OUT_OF_RANGE' });
});
