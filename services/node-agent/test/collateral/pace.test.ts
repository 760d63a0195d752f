import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstLookMs, nextLookMs } from '../../src/collateral/pace.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const held = { issuedMs: 0, endsMs: 30 * dayMs };
const fresh = { held, failures: 0, nowMs: dayMs, random: 1 };
const old = { ...fresh, nowMs: 16 * dayMs };

test('a server is asked once a day, and once an hour when half of the lifetime is over or there is nothing', () => {
  assert.equal(nextLookMs('fetch', fresh), dayMs);
  assert.equal(nextLookMs('fetch', old), hourMs);
  assert.equal(nextLookMs('fetch', { ...fresh, held: undefined }), hourMs);
});

test('after failures the wait doubles, up to an hour when it is urgent and six hours when it is not', () => {
  const waits = (state: typeof fresh) =>
    [1, 2, 3, 6, 7, 10, 1e6].map((failures) => nextLookMs('fetch', { ...state, failures }) / minuteMs);
  assert.deepEqual(waits(old), [1, 2, 4, 32, 60, 60, 60]);
  assert.deepEqual(waits(fresh), [1, 2, 4, 32, 64, 360, 360]);
});

test('a fifth of each wait is random, so that many nodes do not ask at once', () => {
  assert.equal(nextLookMs('fetch', { ...fresh, random: 0 }), 0.8 * dayMs);
  assert.equal(nextLookMs('fetch', { ...old, failures: 1, random: 0 }), 0.8 * minuteMs);
});

test('an agent that starts asks at once when it needs to, and otherwise within an hour', () => {
  assert.equal(firstLookMs('fetch', old), 0);
  assert.equal(firstLookMs('fetch', { ...fresh, held: undefined }), 0);
  assert.equal(firstLookMs('fetch', { ...fresh, random: 0.5 }), hourMs / 2);
});

test('a file is looked at every ten seconds', () => {
  assert.equal(firstLookMs('watch', fresh), 0);
  assert.equal(nextLookMs('watch', { ...old, failures: 9 }), 10_000);
});
