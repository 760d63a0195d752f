import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { searchText } from '../src/text-search.ts';

const letters = fc.string({ unit: fc.constantFrom('a', 'b', '\ud83d', '\ude00'), maxLength: 24 });

test('a search finds what String.prototype.includes finds', () => {
  let found = 0;
  fc.assert(
    fc.property(letters, letters, letters, (before, pattern, after) => {
      assert.ok(searchText(`${before}${pattern}${after}`, pattern).found);
      assert.equal(searchText(before, after).found, before.includes(after));
      if (after !== '' && before.includes(after)) found++;
    }),
    { numRuns: 3000 },
  );
  // Else the test compares nothing but failures.
  assert.ok(found > 50, String(found));
});

test('a search compares at most twice as many characters as there are', () => {
  const a = (count: number): string => 'a'.repeat(count);
  for (const [text, pattern] of [
    [a(4096), `${a(1024)}b${a(1024)}`],
    [a(4096), `${a(2047)}b`],
    [a(4096), `b${a(2047)}`],
    ['ab'.repeat(2048), `${'ab'.repeat(512)}b`],
    [a(4096), a(4096)],
  ] as const) {
    const { comparisons } = searchText(text, pattern);
    assert.ok(comparisons <= 2 * (text.length + pattern.length), String(comparisons));
  }
  fc.assert(
    fc.property(letters, letters, (text, pattern) => {
      assert.ok(searchText(text, pattern).comparisons <= 2 * (text.length + pattern.length));
    }),
  );
});
