/** A series of the counters: requests of one route with one outcome. */
export interface RouteCount {
  /** The operation, such as `attestSgxEnclave`; `none` for a request that found no route. */
  readonly route: string;
  /** `ok`, or the code of the error. */
  readonly outcome: string;
  readonly count: number;
  readonly sumSeconds: number;
  /** How many took at most as long as the bound of `latencyBounds` at the same place. Cumulative; `count` is that of infinity. */
  readonly atMost: readonly number[];
}

export interface RouteCounters {
  readonly latencyBounds: readonly number[];
  readonly routes: readonly RouteCount[];
}

export interface RouteMetrics {
  answered(route: string, outcome: string, seconds: number): void;
  counters(): RouteCounters;
}

/** Upper bounds in seconds. */
const latencyBounds: readonly number[] = Object.freeze([
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
]);

interface Series {
  readonly route: string;
  readonly outcome: string;
  readonly atMost: number[];
  count: number;
  sumSeconds: number;
}

/** Routes and outcomes are of closed sets, so there are never many series. */
export function createRouteMetrics(): RouteMetrics {
  const series = new Map<string, Series>();
  const seriesOf = (route: string, outcome: string): Series => {
    const key = `${route} ${outcome}`;
    const found = series.get(key);
    if (found !== undefined) return found;
    const made = { route, outcome, atMost: latencyBounds.map(() => 0), count: 0, sumSeconds: 0 };
    series.set(key, made);
    return made;
  };
  return Object.freeze<RouteMetrics>({
    answered(route, outcome, seconds) {
      const found = seriesOf(route, outcome);
      found.count += 1;
      found.sumSeconds += seconds;
      latencyBounds.forEach((bound, i) => {
        if (seconds <= bound) found.atMost[i] = (found.atMost[i] ?? 0) + 1;
      });
    },
    counters: () => ({
      latencyBounds,
      routes: [...series.values()].map((one) => ({ ...one, atMost: [...one.atMost] })),
    }),
  });
}
