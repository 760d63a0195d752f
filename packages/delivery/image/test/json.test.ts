import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '@enclos/codec';
import * as fc from 'fast-check';
import { encodeJson, parseJson } from '../src/json.ts';

test('parseJson() gives back what encodeJson() wrote', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.jsonValue({ maxDepth: 0 })), (value) => {
      assert.equal(JSON.stringify(parseJson(encodeJson(value), 'manifest')), JSON.stringify(value));
    }),
  );
});

const refusals: readonly (readonly [what: string, text: string, reason: RegExp])[] = [
  ['a key twice', '{"a":1,"a":2}', /repeated/],
  ['a key twice in two spellings', '{"layers":[],"Layers":[]}', /twice/],
  ['a key twice by an escape', '{"layers":[],"l\\u0061yers":[]}', /repeated/],
  ['a key with a Kelvin sign for a k', '{"mark":1,"mar\u212a":2}', /twice/],
  ['a key with a long s', '{"size":1,"\u017fize":2}', /twice/],
  ['a key twice further in', '{"a":[{"b":1,"c":2,"b":3}]}', /repeated/],
  ['a key twice with space before the colon', '{"a" \n:1,"a":2}', /repeated/],
  ['a key twice in two spellings further in', '{"a":[{"b":1,"B":2}]}', /twice/],
  ['half of a pair of surrogates', '"\\ud800"', /is not strict JSON/],
  ['deep nesting', `${'['.repeat(33)}${']'.repeat(33)}`, /deeply/],
  ['too many values, before anything of it is read', `!${'{},'.repeat(40_000)}`, /too many values/],
  ['an end too early', '{"a":', /is not strict JSON/],
  ['a string without an end', '{"a', /is not strict JSON/],
  ['something after it', '{} {}', /is not strict JSON/],
];

for (const [what, text, reason] of refusals) {
  test(`parseJson() refuses ${what}`, () => {
    assert.throws(() => parseJson(utf8(text), 'manifest'), { code: 'OCI_DOCUMENT_INVALID', message: reason });
  });
}

test('parseJson() takes the same key in two objects, and brackets and colons in strings', () => {
  const text = '{"a":{"x":1},"b":{"x":"{[\\":"},"c":["}","x"]}';
  assert.equal(JSON.stringify(parseJson(utf8(text), 'manifest')), text);
});

test('parseJson() refuses what is not UTF-8, and what is too large', () => {
  assert.throws(() => parseJson(new Uint8Array([0x22, 0xff, 0x22]), 'manifest'), { code: 'OCI_DOCUMENT_INVALID' });
  assert.throws(() => parseJson(new Uint8Array(4 * 1024 * 1024 + 1), 'manifest'), { code: 'OCI_TOO_LARGE' });
});
