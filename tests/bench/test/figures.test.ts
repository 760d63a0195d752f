import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atLeast, atMost, totalsOf, type Figure } from '../src/harness/figures.ts';

const figure = (changes: Partial<Figure>): Figure => ({ what: 'w', ours: '1 ms', ...changes });

test('figures without a bound only have to be there, and those with one pass when it is met', () => {
  const figures = [figure({}), figure({ bound: atMost(2, 1) }), figure({ bound: atLeast(2, 2), ratio: '2.00' })];
  assert.deepEqual(totalsOf(figures), { passed: 2, failed: 0, problems: [] });
});

test('a bound that is not met fails, with a sentence', () => {
  assert.deepEqual(totalsOf([figure({ bound: atMost(2, 1) }), figure({ bound: atMost(2, 3, ' ms') })]), {
    passed: 1,
    failed: 1,
    problems: ['w: at most 2 ms is not met.'],
  });
  // A comparison with NaN is never met.
  assert.equal(totalsOf([figure({ bound: atMost(2, Number.NaN) })]).failed, 1);
});

test('a figure that could not be measured fails, whichever part of it is missing', () => {
  for (const missing of [
    { ours: `${Number.NaN} /s` },
    { peer: `${Number.NaN} ms` },
    { ratio: (1 / 0).toFixed(2) },
    { ratio: 'NaN', bound: atMost(2, 1) },
  ]) {
    const { passed, failed, problems } = totalsOf([figure(missing)]);
    assert.deepEqual([passed, failed, problems], [0, 1, ['w: this could not be measured.']]);
  }
});
