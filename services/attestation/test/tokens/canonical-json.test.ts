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

test('what JSON cannot write is a mistake of the caller', () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) assert.throws(() => canonicalJson([value]), TypeError);
});

test('a token that nobody signed has no third part', () => {
  const [header = '', claims = '', signature] = unsignedToken({ b: 1, a: 2 }).split('.');
  const textOf = (part: string): string => Buffer.from(part, 'base64url').toString();
  assert.deepEqual([textOf(header), textOf(claims), signature], ['{"alg":"none","typ":"JWT"}', '{"a":2,"b":1}', '']);
});
