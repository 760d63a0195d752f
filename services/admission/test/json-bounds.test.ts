import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isWithin } from '../src/review/json-bounds.ts';

const within = (text: string, maxDepth: number, maxValues = 1000): boolean =>
  isWithin(Buffer.from(text), { maxDepth, maxValues });

/** By the values themselves. */
function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

describe('the bounds of JSON', () => {
  test('are those of the values, whatever is in the texts', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 6, stringUnit: fc.constantFrom('"', '\\', '[', '}', ',', 'a', '\u20ac') }),
        (value) => {
          const text = JSON.stringify(value);
          const depth = depthOf(JSON.parse(text));
          assert.ok(within(text, depth));
          if (depth > 0) assert.ok(!within(text, depth - 1));
        },
      ),
    );
  });

  test('count what is side by side', () => {
    assert.ok(within('[1,[],{"a":1,"b":2}]', 2, 6));
    assert.ok(!within('[1,[],{"a":1,"b":2}]', 2, 5));
  });

  test('are answered about what is no JSON, too', () => {
    for (const text of ['', '"', '"\\', ']]]', '[', '"[']) assert.ok(within(text, 1));
  });
});
