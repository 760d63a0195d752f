import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { measureJson } from '../../fuzz/json-measure.ts';
import { isJsonWithin } from '../../src/json/index.ts';

const forms: readonly ((text: string) => string | Uint8Array)[] = [(text) => text, (text) => Buffer.from(text)];

const within = (text: string, maxDepth: number, maxValues = 1000): boolean => {
  const [ofText, ofBytes] = forms.map((form) => isJsonWithin(form(text), { maxDepth, maxValues }));
  assert.equal(ofText, ofBytes);
  return ofText === true;
};

describe('the bounds of JSON', () => {
  test('are exactly those of the values that JSON.parse makes, whatever is in the texts', () => {
    const value = fc.jsonValue({
      maxDepth: 6,
      stringUnit: fc.constantFrom('"', '\\', '[', '}', ',', 'a', '\u20ac', '\u{1f600}'),
    });
    fc.assert(
      fc.property(value, fc.constantFrom(undefined, 1, '\t'), (given, space) => {
        const text = JSON.stringify(given, undefined, space);
        const { depth, values } = measureJson(JSON.parse(text));
        assert.ok(within(text, depth, values - 1));
        if (depth > 0) assert.ok(!within(text, depth - 1));
        if (values > 1) assert.ok(!within(text, depth, values - 2));
      }),
    );
  });

  test('count what is side by side', () => {
    assert.ok(within('[1,[],{"a":1,"b":2}]', 2, 6));
    assert.ok(!within('[1,[],{"a":1,"b":2}]', 2, 5));
  });

  test('are answered about what is not JSON, too', () => {
    for (const text of ['', '"', '"\\', ']]]', '[', '"[']) assert.ok(within(text, 1));
  });

  test('end at the first value beyond them, without a look at the rest', () => {
    let looks = 0;
    const bytes = new Proxy(Buffer.from(`[${'{},'.repeat(10_000)}{}]`), {
      get(target, name) {
        if (/^[0-9]+$/.test(String(name))) looks += 1;
        return Reflect.get(target, name, target) as unknown;
      },
    });
    assert.ok(!isJsonWithin(bytes, { maxDepth: 32, maxValues: 100 }));
    assert.ok(looks < 200);
  });
});
