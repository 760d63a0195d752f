import { createHistogramView, createValue } from '@enclos/host/exposition';
import type { RouteCounters } from './route-counters.ts';

/**
 * Counters of routes in the text exposition format of Prometheus.
 * @param service how the names of the metrics begin, after `enclos_`.
 * @param counters the JSON of `RouteCounters`, such as an enclave gives to its host.
 */
export function renderCounters(service: string, counters: string): string {
  const { latencyBounds, routes } = JSON.parse(counters) as RouteCounters;
  const requests = createValue('counter', {
    name: `enclos_${service}_requests_total`,
    help: 'Requests that were answered, by route and outcome.',
  });
  for (const { route, outcome, count } of routes) requests.add({ route, outcome }, count);
  const durations = createHistogramView(
    latencyBounds,
    {
      name: `enclos_${service}_request_duration_seconds`,
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
