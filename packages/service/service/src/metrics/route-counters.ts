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
  /** How many were the first to be at most as long as the bound at the same place; the last one counts the longer ones. */
  readonly within: number[];
  sumSeconds: number;
}

/** Routes and outcomes are of closed sets, so there are never many series. */
export function createRouteMetrics(): RouteMetrics {
  const routes = new Map<string, Map<string, Series>>();
  const seriesOf = (route: string, outcome: string): Series => {
    let outcomes = routes.get(route);
    if (outcomes === undefined) routes.set(route, (outcomes = new Map<string, Series>()));
    let found = outcomes.get(outcome);
    if (found === undefined) {
      found = { route, outcome, within: Array.from({ length: latencyBounds.length + 1 }, () => 0), sumSeconds: 0 };
      outcomes.set(outcome, found);
    }
    return found;
  };
  return Object.freeze<RouteMetrics>({
    answered(route, outcome, seconds) {
      const found = seriesOf(route, outcome);
      found.sumSeconds += seconds;
      let place = 0;
      while (place < latencyBounds.length && !(seconds <= (latencyBounds[place] ?? 0))) place += 1;
      found.within[place] = (found.within[place] ?? 0) + 1;
    },
    counters: () => ({
      latencyBounds,
      routes: [...routes.values()].flatMap((outcomes) => [...outcomes.values()].map(countOf)),
    }),
  });
}

function countOf({ route, outcome, within, sumSeconds }: Series): RouteCount {
  let count = 0;
  const sums = within.map((counted) => (count += counted));
  return { route, outcome, atMost: sums.slice(0, latencyBounds.length), count, sumSeconds };
}
