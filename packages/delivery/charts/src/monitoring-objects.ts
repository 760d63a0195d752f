import type { NamedObject } from '@enclos/kubernetes/manifests';
import { dashboardMap, type Panel } from './dashboard.ts';
import { podMonitor, prometheusRule, type Alert, type MonitoringTarget } from './monitoring.ts';

/** What the metrics of a service say to people. */
export interface Monitoring {
  /** The dashboard has it. */
  readonly title: string;
  readonly alerts: readonly Alert[];
  readonly panels: readonly Panel[];
}

/** For the Prometheus operator and Grafana. */
export function monitoringObjects(watched: MonitoringTarget, monitoring: Monitoring): readonly NamedObject[] {
  return [
    ['pod-monitor.yaml', podMonitor(watched)],
    ['prometheus-rule.yaml', prometheusRule(watched, monitoring.alerts)],
    ['dashboard.yaml', dashboardMap(watched, monitoring.title, monitoring.panels)],
  ];
}
