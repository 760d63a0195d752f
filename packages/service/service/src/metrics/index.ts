export { type RouteCount, type RouteCounters, type RouteMetrics, createRouteMetrics } from './route-counters.ts';
