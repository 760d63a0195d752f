import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPassingCheck } from '../../../src/platform/passing/check.ts';

test('it is tried once for all launches that ask meanwhile, and kept when it works', async () => {
  let trials = 0;
  const check = createPassingCheck(
    () => Promise.resolve(void (trials += 1)),
    () => Number.MAX_VALUE,
  );
  assert.deepEqual(await Promise.all([check(), check()]), [undefined, undefined]);
  assert.equal(await check(), undefined);
  assert.equal(trials, 1);
});

test('what does not work is kept for a minute, and then tried again', async () => {
  let [trials, nowMs] = [0, 0];
  const answers = ['It got no socket.', undefined];
  const check = createPassingCheck(
    () => Promise.resolve(answers[trials++]),
    () => nowMs,
  );
  assert.equal(await check(), 'It got no socket.');
  nowMs = 59_999;
  assert.deepEqual([await check(), trials], ['It got no socket.', 1]);
  nowMs = 60_000;
  assert.deepEqual([await check(), trials], [undefined, 2]);
  assert.deepEqual([await check(), trials], [undefined, 2]);
});

test('what cannot be tried is not a reason, and is tried again', async () => {
  let trials = 0;
  const check = createPassingCheck(() => {
    trials += 1;
    return Promise.reject(new Error('There is no network.'));
  });
  assert.deepEqual([await check(), await check(), trials], [undefined, undefined, 2]);
});
