import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { withoutTrailingNuls } from '../src/index.ts';

test('only what is behind the last other character goes', () => {
  for (const [text, expected] of [
    ['', ''],
    ['a', 'a'],
    ['a\0\0', 'a'],
    ['\0a\0b\0', '\0a\0b'],
    ['\0\0\0', ''],
  ] as const) {
    assert.equal(withoutTrailingNuls(text), expected);
  }
});

test('it agrees with the regular expression that it stands for', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('\0', 'a', '\n'), maxLength: 40 }), (text) => {
      assert.equal(withoutTrailingNuls(text), text.replace(/\0+$/, ''));
    }),
  );
});

test('a megabyte of them before another character is no more work than any megabyte', { timeout: 20_000 }, () => {
  const text = `${'\0'.repeat(1_048_576)}x`;
  assert.equal(withoutTrailingNuls(text), text);
});
