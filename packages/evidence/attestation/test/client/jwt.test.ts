import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toBase64url, utf8 } from '@enclos/codec';
import fc from 'fast-check';
import { parseJwt } from '../../src/client/token/jwt.ts';
import { sameJson } from '../../src/client/same-json.ts';
import { isJsonObject, parseJson, type JsonValue } from '@enclos/codec/json';
import { refusal } from './token-kit.ts';

const limit = 100_000;
const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 6 });
const encode = (value: unknown): string => toBase64url(utf8(JSON.stringify(value)));

test('a JWT is read as it was written', () => {
  fc.assert(
    fc.property(object, object, fc.uint8Array({ maxLength: 64 }), (header, claims, signature) => {
      const token = `${encode(header)}.${encode(claims)}.${toBase64url(signature)}`;
      const read = parseJwt(token, limit);
      assert.equal(JSON.stringify(read.header), JSON.stringify(JSON.parse(JSON.stringify(header))));
      assert.equal(JSON.stringify(read.claims), JSON.stringify(JSON.parse(JSON.stringify(claims))));
      assert.deepEqual(read.signature, signature);
      assert.deepEqual(read.signedBytes, utf8(token.slice(0, token.lastIndexOf('.'))));
    }),
  );
});

test('what is read has one text only: no other text gives the same bytes', () => {
  const token = `${encode({ alg: 'RS256' })}.${encode({ a: 1 })}.AQI`;
  fc.assert(
    fc.property(
      fc.nat(token.length - 1),
      fc.constantFrom('A', 'Q', 'g', 'w', '-', '_', '.', '=', '+', '/', ' ', '\n'),
      (at, character) => {
        const other = token.slice(0, at) + character + token.slice(at + 1);
        if (other === token) return;
        let read;
        try {
          read = parseJwt(other, limit);
        } catch (error) {
          assert.ok(['form'].some((rule) => refusal('TOKEN_REFUSED', rule)(error)));
          return;
        }
        const again = `${new TextDecoder().decode(read.signedBytes)}.${toBase64url(read.signature)}`;
        assert.equal(again, other);
      },
    ),
    { numRuns: 500 },
  );
});

test('any text is read or refused', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.stringMatching(/^[A-Za-z0-9_-]{0,40}(\.[A-Za-z0-9_-]{0,40}){0,4}$/),
  );
  fc.assert(
    fc.property(text, (token) => {
      try {
        assert.ok(isJsonObject(parseJwt(token, limit).claims));
      } catch (error) {
        refusal('TOKEN_REFUSED', 'form')(error);
      }
    }),
  );
});

/** The same value with its members in another order. */
function reversed(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(reversed);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, member]) => [name, reversed(member)])
      .toReversed() as [string, JsonValue][],
  );
}

test('JSON is compared by its values', () => {
  const value = fc.jsonValue({ maxDepth: 4 }).map((given) => parseJson(JSON.stringify(given), limit));
  fc.assert(
    fc.property(value, (given) => assert.ok(sameJson(given, parseJson(JSON.stringify(reversed(given)), limit)))),
  );
  fc.assert(
    fc.property(value, value, (left, right) => {
      assert.equal(sameJson(left, right), sameJson(right, left));
      const differ = JSON.stringify(left).length !== JSON.stringify(right).length;
      if (differ) assert.ok(!sameJson(left, right));
    }),
  );
  const pairs = [
    '[]|{}',
    '[1]|[1,1]',
    '{"a":1}|{"a":"1"}',
    '{"a":1}|{"b":1}',
    '{"a":null}|{}',
    '0|false',
    'null|{}',
    '[1,2]|[2,1]',
  ];
  for (const pair of pairs) {
    const [left = '', right = ''] = pair.split('|');
    assert.ok(!sameJson(parseJson(left, limit), parseJson(right, limit)), pair);
    assert.ok(!sameJson(parseJson(right, limit), parseJson(left, limit)), pair);
  }
});
