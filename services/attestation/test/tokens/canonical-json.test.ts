import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalJson } from '../../src/tokens/canonical-json.ts';
import { unsignedToken } from '../../src/tokens/jwt.ts';
import type { JsonValue } from '@enclos/codec/json';

test('one text for one value, which reads back as that value', () => {
  assert.equal(
    canonicalJson({ b: [1, { d: null, c: true }], a: 'é"\n', '': -0.5 }),
    '{"":-0.5,"a":"é\\"\\n","b":[1,{"c":true,"d":null}]}',
  );
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      // jsonValue makes only what JSON has.
      const text = canonicalJson(value as JsonValue);
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
      assert.equal(canonicalJson(JSON.parse(text) as JsonValue), text);
    }),
  );
});

test('the order of members does not matter, and no name is special', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.integer()), (members) => {
      const turned = Object.fromEntries(Object.entries(members).toReversed());
      assert.equal(canonicalJson(turned), canonicalJson(members));
    }),
  );
  const named = JSON.parse('{"__proto__":{"a":1},"constructor":1}') as JsonValue;
  assert.equal(canonicalJson(named), '{"__proto__":{"a":1},"constructor":1}');
});

test('objects with as many members as the one before have their own names', () => {
  const objects = (first: string, count: number): JsonValue =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [i === 0 ? first : `b${i}`, i]));
  for (const count of [1, 2, 64, 65]) {
    for (const first of ['a', 'z', 'a', '"', 'long'.repeat(2000), 'a']) {
      const value = objects(first, count);
      const names = Object.keys(JSON.parse(canonicalJson(value)) as object);
      assert.deepEqual(names, Object.keys(value as object).toSorted());
      assert.deepEqual(JSON.parse(canonicalJson(value)), value);
    }
  }
});

test('what JSON cannot write is a mistake of the caller', () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) assert.throws(() => canonicalJson([value]), TypeError);
});

test('a token that nobody signed has no third part', () => {
  const [header = '', claims = '', signature] = unsignedToken({ b: 1, a: 2 }).split('.');
  const textOf = (part: string): string => Buffer.from(part, 'base64url').toString();
  assert.deepEqual([textOf(header), textOf(claims), signature], ['{"alg":"none","typ":"JWT"}', '{"a":2,"b":1}', '']);
});
