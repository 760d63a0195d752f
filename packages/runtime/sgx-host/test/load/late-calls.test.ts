import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '@enclos/testkit';
import { LateCalls } from '../../src/load/late-calls.ts';

const usualMs = 80;

describe('calls that take too long', () => {
  test('are told of, and no others, in whatever order they leave', async () => {
    const calls = new LateCalls(usualMs);
    const late: number[] = [];
    const settled = [0, 1, 2, 3, 4].map((call) => calls.watch(usualMs, () => late.push(call)));
    // The first, the last, and one amid them; each twice, as a call that was given up settles later.
    for (const call of [0, 4, 2, 0, 2]) settled[call]?.();
    await until('the others are late', () => late.length >= 2);
    assert.deepEqual(
      late.toSorted((a, b) => a - b),
      [1, 3],
    );
    // They have left: neither is told of again, and the next call takes no place of theirs.
    const more = calls.watch(usualMs, () => late.push(5));
    for (const done of settled) done();
    await until('the last one is late', () => late.length >= 3);
    assert.equal(late.at(-1), 5);
    more();
    calls.end();
  });

  test('have their own timer when their time is another, or the usual one has ended', async () => {
    const calls = new LateCalls(60_000);
    const late: string[] = [];
    calls.watch(10, () => late.push('other'));
    calls.watch(20, () => late.push('settled'))();
    calls.watch(Infinity, () => late.push('never'));
    calls.end();
    await until('it is late', () => late.length > 0);
    assert.deepEqual(late, ['other']);
  });
});
