import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRouteMetrics } from '../src/metrics/index.ts';

test('counts are cumulative, and one at a bound is within it', () => {
  const metrics = createRouteMetrics();
  for (const seconds of [0, 0.001, 0.0011, 10, 11, 0.25]) metrics.answered('one', 'ok', seconds);
  metrics.answered('one', 'Forbidden', 0.5);
  metrics.answered('two', 'ok', Number.NaN);
  const { latencyBounds, routes } = metrics.counters();
  const [one, refused, two] = routes;
  assert.deepEqual(
    routes.map(({ route, outcome, count }) => [route, outcome, count]),
    [
      ['one', 'ok', 6],
      ['one', 'Forbidden', 1],
      ['two', 'ok', 1],
    ],
  );
  const atMost = (seconds: number, counted = one): number | undefined =>
    counted?.atMost[latencyBounds.indexOf(seconds)];
  assert.deepEqual(
    [0.001, 0.0025, 0.1, 0.25, 5, 10].map((bound) => atMost(bound)),
    [2, 3, 3, 4, 4, 5],
  );
  assert.deepEqual([atMost(0.25, refused), atMost(0.5, refused)], [0, 1]);
  // What is not a duration is longer than every bound.
  assert.ok(two?.atMost.every((count) => count === 0));
  assert.equal(one?.sumSeconds.toFixed(4), '21.2521');
  assert.equal(one?.atMost.length, latencyBounds.length);
});
