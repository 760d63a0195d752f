import assert from 'node:assert/strict';
import { test } from 'node:test';

import { didYouMean } from '../src/index.ts';

const keys = ['name', 'productId', 'securityVersion', 'heapSize', 'threads', 'env'];

for (const [word, meant] of [
  ['heapsize', 'heapSize'],
  ['thread', 'threads'],
  ['thraeds', 'threads'],
  ['securityVerison', 'securityVersion'],
  ['nmae', 'name'],
  ['envs', 'env'],
] as const) {
  test(`didYouMean() knows that ${word} was meant to be ${meant}`, () => assert.equal(didYouMean(word, keys), meant));
}

for (const word of ['volume', 'x', '', 'securityLevelOfTheProduct', 'a'.repeat(100_000)]) {
  test(`didYouMean() has no guess for ${JSON.stringify(word.slice(0, 30))}`, () => {
    assert.equal(didYouMean(word, keys), undefined);
  });
}

test('didYouMean() prefers the nearest candidate', () => {
  assert.equal(didYouMean('buidl', ['bundle', 'build', 'builds']), 'build');
});
