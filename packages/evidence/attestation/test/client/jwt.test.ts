import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isJsonObject, parseJson, sameJson, type JsonValue } from '@enclos/codec/json';
import fc from 'fast-check';

const limit = 100_000;

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
