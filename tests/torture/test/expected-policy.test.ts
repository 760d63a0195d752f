import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectPolicy } from '../src/attestation/expected-policy.ts';

function scene() {
  const clock = { ms: 0 };
  const expected = expectPolicy(() => clock.ms);
  const problem = (seen: string | undefined, startedMs = clock.ms, isFresh = true): string | undefined =>
    expected.problem(seen, { startedMs, isFresh });
  return { clock, expected, problem };
}

test('what was never set is no answer, nor is what was refused', () => {
  const { expected, problem } = scene();
  assert.equal(problem(undefined), undefined);
  assert.match(problem('a') ?? '', /never set/);
  expected.sent('a').refused();
  assert.match(problem('a') ?? '', /never set/);
});

test('a change that is under way or failed may have been made; what was acknowledged has been', () => {
  const { clock, expected, problem } = scene();
  const first = expected.sent('a');
  assert.deepEqual([problem('a'), problem(undefined)], [undefined, undefined]);
  clock.ms = 100;
  first.acknowledged();
  clock.ms = 101;
  assert.equal(problem('a'), undefined);
  assert.match(problem(undefined) ?? '', /replaced 1 ms before/, 'a lost change is noticed');
  assert.equal(problem(undefined, 100), undefined, 'a call that began before it was acknowledged may see the former');
  expected.sent('b');
  assert.deepEqual([problem('a'), problem('b')], [undefined, undefined], 'nothing is known of b');
  clock.ms = 200;
  expected.sent('c').acknowledged();
  clock.ms = 201;
  for (const former of ['a', 'b']) assert.match(problem(former) ?? '', /replaced/);
  assert.equal(problem('c'), undefined);
  assert.equal(expected.acknowledged, 2);
});

test('a state that is read now and then may be two seconds old, and not more', () => {
  const { clock, expected, problem } = scene();
  clock.ms = 1000;
  expected.sent('a').acknowledged();
  assert.equal(problem(undefined, 3000, false), undefined);
  assert.match(problem(undefined, 3001, false) ?? '', /replaced/);
});
