import { createHistogramView, createValue } from '@enclos/host/exposition';
import type { ApiCounters } from './route-counters.ts';

/**
 * The enclave's counters in the text exposition format of Prometheus.
 * @param counters the JSON that its `counters` function gives.
 */
export function renderCounters(counters: string): string {
  const { latencyBounds, routes } = JSON.parse(counters) as ApiCounters;
  const requests = createValue('counter', {
    name: 'enclos_attestation_requests_total',
    help: 'Requests that were answered, by route and outcome.',
  });
  for (const { route, outcome, count } of routes) requests.add({ route, outcome }, count);
  const durations = createHistogramView(
    latencyBounds,
    {
      name: 'enclos_attestation_request_duration_seconds',
      help: 'From a request that is whole to its answer, by route and outcome.',
    },
    () =>
      routes.map(({ route, outcome, atMost, sumSeconds, count }) => ({
        labels: { route, outcome },
        atMost,
        sum: sumSeconds,
        count,
      })),
  );
  return requests.render() + durations.render();
}
